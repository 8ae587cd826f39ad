import { init, parse } from 'es-module-lexer';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { rangeProblems } from './ranges.mjs';
import { readManifest, root } from './workspace.mjs';

/**
 * Every reason not to publish the packages in `folders`, in words, by folder.
 * @param {string[]} folders
 * @returns {Promise<Map<string, string[]>>}
 */
export async function packageProblems(folders) {
  const packed = packedFiles(folders);
  const problems = new Map();
  for (const folder of folders) problems.set(folder, await problemsOf(folder, packed));
  return problems;
}

/** The files that npm would pack, by the package's name. npm is started once, which takes longer than to pack. */
function packedFiles(folders) {
  const workspaces = folders.flatMap((folder) => ['--workspace', folder]);
  const said = execFileSync(
    'npm',
    ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error', ...workspaces],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // npm 12 gives an object, earlier ones a list.
  return new Map(Object.values(JSON.parse(said)).map(({ name, files }) => [name, files.map(({ path }) => path)]));
}

async function problemsOf(folder, packedByName) {
  const manifest = readManifest(folder);
  const packed = new Set(packedByName.get(manifest.name));
  return [
    ...(await entryProblems(folder, packed)),
    ...filesProblems(manifest, packed),
    ...(await importProblems(folder, packed)),
    ...rangeProblems(manifest),
  ];
}

/** `exports`, `bin`, `types` and the like name what is packed, in a form that Node and TypeScript read. */
async function entryProblems(folder, packed) {
  const files = [...packed].map((path) => ({ name: `package/${path}`, data: readFileSync(join(folder, path)) }));
  const { messages, pkg } = await publint({ pkgDir: 'package', pack: { files }, strict: true });
  return messages
    .filter(({ type }) => type === 'error')
    .map((message) => formatMessage(message, pkg, { color: false }));
}

/** Every entry of `files` brings something. */
function filesProblems({ files = [] }, packed) {
  const names = files.filter((entry) => !entry.startsWith('!')).map((entry) => posix.normalize(entry));
  const missing = names.filter((name) => ![...packed].some((path) => path === name || path.startsWith(`${name}/`)));
  return missing.map((name) => `files names ${name}, and nothing of that name is packed.`);
}

/** What a packed module imports beside itself is packed too. */
async function importProblems(folder, packed) {
  await init;
  const problems = [];
  for (const path of packed) {
    if (!/\.(m?js|d\.m?ts)$/.test(path)) continue;
    const [imports] = parse(readFileSync(join(folder, path), 'utf8'), path);
    for (const { n: specifier } of imports) {
      if (!specifier?.startsWith('.')) continue;
      const typed = /\.d\.m?ts$/.test(path) ? specifier.replace(/\.(m?)js$/, '.d.$1ts') : specifier;
      const target = posix.join(posix.dirname(path), typed);
      if (!packed.has(target)) problems.push(`${path} imports ${specifier}, and ${target} is not packed.`);
    }
  }
  return problems;
}
