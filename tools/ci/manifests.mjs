/**
 * Checks package.json of every package, so that a new one forgets nothing: what npm's page shows, how it is published, its licences,
 * and that core, tfjs-core and zod are peers, of which there is one copy whatever stands together.
 *
 * Usage: node tools/ci/manifests.mjs
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rangeProblems } from '../release/ranges.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file) => readFileSync(`${root}${file}`, 'utf8');
const folders = ['packages', 'apps'].flatMap((room) => readdirSync(`${root}${room}`).map((name) => `${room}/${name}`));
const packages = folders.map((folder) => ({ folder, ...JSON.parse(read(`${folder}/package.json`)) }));
const versions = new Map(packages.map(({ name, version }) => [name, version]));

/** Of these a program needs one copy: their classes, schemas and engine do not know those of another. */
const shared = ['@promptweave/core', '@tensorflow/tfjs-core', 'zod'];
const home = 'https://github.com/promptweave/promptweave';

const faults = packages.flatMap((manifest) =>
  [...described(manifest), ...published(manifest), ...shares(manifest), ...declares(manifest)].map(
    (fault) => `${manifest.folder}/package.json: ${fault}`,
  ),
);
for (const name of shared.filter((one) => !versions.has(one))) {
  const ranges = new Set(packages.flatMap((own) => own.dependencies?.[name] ?? own.peerDependencies?.[name] ?? []));
  if (ranges.size > 1) faults.push(`the range of ${name} differs between packages: ${[...ranges].join(', ')}`);
}
for (const fault of faults) console.error(fault);
console.log(`${packages.length} packages, ${faults.length} faults`);
process.exitCode = faults.length > 0 ? 1 : 0;

/** What npm's page shows. */
function* described({ folder, keywords, homepage, bugs, repository, ...own }) {
  for (const field of ['name', 'version', 'description', 'engines']) if (!own[field]) yield `no ${field}`;
  if (own.license !== 'MIT') yield 'license is not MIT';
  if (!keywords?.includes('promptweave')) yield 'keywords do not name promptweave';
  if (homepage !== `${home}/tree/main/${folder}#readme`) yield 'homepage is not its folder in the repository';
  if (bugs !== `${home}/issues`) yield 'bugs is not the list of issues';
  const { type, url, directory } = repository ?? {};
  if (type !== 'git' || url !== `git+${home}.git` || directory !== folder) yield 'repository is not its folder';
}

/** How it is published, and what of it. */
function* published({ folder, files = [], publishConfig, type, nx, exports }) {
  if (publishConfig?.access !== 'public') yield 'publishConfig is not { access: public }';
  if ('provenance' in (publishConfig ?? {}))
    yield 'publishConfig asks for provenance, which npm cannot give outside of CI';
  if (type !== 'module') yield 'type is not module';
  if (!exports?.['./package.json']) yield 'exports do not have ./package.json';
  for (const file of ['README.md', 'LICENSE']) {
    if (!files.includes(file)) yield `files do not have ${file}`;
    if (!existsSync(`${root}${folder}/${file}`)) yield `there is no ${file} beside it`;
  }
  const text = 'LICENSES-data.md';
  if (nx?.tags?.includes('room:data') && !files.includes(text)) yield `files do not have ${text}, and it brings data`;
  if (files.includes(text) && (!existsSync(`${root}${folder}/${text}`) || read(`${folder}/${text}`) !== read(text)))
    yield `${text} beside it is not a copy of the one at the root`;
  const references = JSON.parse(read('tsconfig.json')).references.map(({ path }) => path);
  if (existsSync(`${root}${folder}/tsconfig.json`) && !references.includes(folder))
    yield 'it is no reference of tsconfig.json at the root';
}

/** One copy of what is shared: peers with ranges, which the app alone brings; of ours, ranges that take what stands here. */
function* shares({ folder, name, dependencies = {}, optionalDependencies = {}, peerDependencies = {} }) {
  for (const of of shared) {
    const brings = of in { ...dependencies, ...optionalDependencies };
    if (brings && !folder.startsWith('apps/')) yield `${of} belongs into peerDependencies`;
  }
  for (const [own, range] of Object.entries({ ...dependencies, ...peerDependencies })) {
    const ours = versions.has(own) || shared.includes(own);
    if (ours && !range.startsWith('^')) yield `${own} has no range that begins with ^`;
    if (own === name) yield 'it depends on itself';
  }
  yield* rangeProblems({ dependencies, optionalDependencies, peerDependencies });
}

/** What its code imports. */
function* declares({ folder, name, dependencies, optionalDependencies, peerDependencies }) {
  const declared = { ...dependencies, ...optionalDependencies, ...peerDependencies };
  const imported = readdirSync(`${root}${folder}`, { recursive: true })
    .filter((file) => /^(src|native|tfjs|bin)\/.*(?<!\.d)\.[tj]s$/.test(file) && !/\.(test|fixture)\./.test(file))
    .flatMap((file) => [...read(`${folder}/${file}`).matchAll(/(?:\bfrom |\bimport\(|^import )'([@a-z][^']*)'/gm)])
    .map(([, specifier]) => /^(@[^/]+\/)?[^/]+/.exec(specifier)[0]);
  for (const used of new Set(imported)) {
    if (used.startsWith('node:') || builtinModules.includes(used) || used === name) continue;
    if (!(used in declared)) yield `its code imports ${used}, which it does not depend on`;
  }
}
