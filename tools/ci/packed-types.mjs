// Compiles imports of every entry point of our packages in a project where they are installed, without skipLibCheck: as a plain
// program for Node, where our own declarations must hold, and with the types of browsers, where those of everybody must.
// Usage: node packed-types.mjs PROJECT
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Packages whose declarations do not compile, each with the reason. One that compiles again must be taken out. */
const broken = {
  '@webgpu/types': 'tfjs-core 4.22.0 wants exactly 0.1.38, whose WebGPU is not the one of TypeScript 6 (lib.dom.d.ts)',
};

const project = process.argv[2];
const modules = join(project, 'node_modules');
const names = ['promptweave', ...readdirSync(join(modules, '@promptweave')).map((name) => `@promptweave/${name}`)];
const entries = names.flatMap((name) => {
  const { exports } = JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8'));
  return Object.keys(exports)
    .filter((path) => exports[path].types)
    .map((path) => name + path.slice(1));
});
const imports = entries.map((entry, i) => `export * as entry${i} from '${entry}';\n`);
writeFileSync(join(project, 'entries.mts'), imports.join(''));

// TypeScript 7 is npm's current one; 6 is what many projects have.
const forNode = compile('native-typescript', { lib: ['ES2023'], types: ['node'] });
const faults = forNode.filter(({ owner }) => owner === undefined || names.includes(owner));
// tfjs-core names the types of browsers, and those of `long`, without importing them.
const withBrowsers = compile('typescript', { lib: ['ES2023', 'DOM', 'DOM.Iterable'], types: ['node', 'long'] });
// What of one declaration conflicts with another's is told at both places.
const ofTypeScript = withBrowsers.filter(({ owner }) => owner === 'typescript');
faults.push(...withBrowsers.filter(({ owner }) => !(owner in broken) && owner !== 'typescript'));
for (const [name, reason] of Object.entries(broken)) {
  const count = withBrowsers.filter(({ owner }) => owner === name).length;
  if (count === 0) faults.push({ line: `${name} compiles: take it out of the list in tools/ci/packed-types.mjs` });
  else console.log(`left out: ${count} faults of ${name}, ${ofTypeScript.length} beside them: ${reason}`);
}
for (const { line } of faults) console.error(line);
console.log(`types of ${entries.length} entry points of ${names.length} packages: ${faults.length} faults`);
process.exitCode = faults.length > 0 || entries.length < names.length - 1 ? 1 : 0;

/** What the compiler says, each with the package whose declaration it is in; undefined is the project's own file. */
function compile(typescript, options) {
  const compilerOptions = { module: 'NodeNext', target: 'ES2023', strict: true, skipLibCheck: false, noEmit: true };
  const files = ['entries.mts'];
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, files }),
  );
  const compiler = join(createRequire(import.meta.url).resolve(`${typescript}/package.json`), '../bin/tsc');
  const arguments_ = [compiler, '--pretty', 'false'];
  const { status, stdout } = spawnSync(process.execPath, arguments_, { cwd: project, encoding: 'utf8' });
  const lines = stdout.split('\n').filter((line) => /^\S.*error TS\d+/.test(line));
  if (status !== 0 && lines.length === 0) throw new Error(`The compiler failed: ${stdout}`);
  return lines.map((line) => ({
    line,
    owner: /.*node_modules\/((?:@[^/]+\/)?[^/(]+)\//.exec(line.split('(')[0])?.[1],
  }));
}
