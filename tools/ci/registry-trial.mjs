// Releases one plugin alone, then everything, into a registry of its own, and works with what comes out of it as users do:
// everything new, an old promptweave with a new plugin, a new one with an old plugin, and a plugin of somebody else.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localRegistry } from './local-registry.mjs';
import { emptyProject } from './registry-trial/project.mjs';
import { manifestIn, repositoryCopy } from './registry-trial/repository.mjs';
import { refused, run, step } from './registry-trial/run.mjs';

const folder = mkdtempSync(join(tmpdir(), 'promptweave-registry-trial-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const registry = await localRegistry(join(folder, 'registry'));
const env = { ...registry.env, NX_DAEMON: 'false', CI: 'true' };
const coop = '@promptweave/method-coop';
const place = join(folder, 'repository');
const repository = repositoryCopy(place);
const release = (...args) => run(place, env, 'npx', 'nx', 'release', '--yes', ...args);
const project = (name, others) => emptyProject(join(folder, name), env, others && join(folder, others));

step('everything is published as it stands');
run(place, env, 'npm', 'publish', '--workspaces', '--loglevel=error');
const old = repository.versions();
assert.deepEqual(published(), old);

// Installed before anything newer was there, as with everybody who has used promptweave for a while.
const first = 'old-promptweave-new-plugin';
const oldPromptweave = project(first);
oldPromptweave.install('promptweave', '@promptweave/emoji-data');

step(`${coop} is released alone, though its build is gone`);
for (const built of ['dist', 'lib']) rmSync(join(place, 'packages/method-coop', built), { recursive: true });
repository.plan({ [coop]: 'patch' }, 'A repaired context.');
release(`--projects=${coop}`);
const alone = { ...old, [coop]: increased(old[coop]) };
assert.deepEqual(repository.versions(), alone);
assert.deepEqual(published(), alone);
const changed = repository.git('diff', '--name-only', '--diff-filter=d', 'HEAD^');
const bumped = ['package-lock.json', 'packages/method-coop/CHANGELOG.md', 'packages/method-coop/package.json'];
assert.deepEqual(changed, bumped);
assert.match(readFileSync(join(place, 'packages/method-coop/CHANGELOG.md'), 'utf8'), /A repaired context\./);
assert.deepEqual(repository.git('tag', '--points-at', 'HEAD'), [`${coop}@${alone[coop]}`]);

step('what must not be published is refused');
repository.plan({ '@promptweave/core': 'major' }, 'Learners are asked something else.');
refused(place, env, /method-coop asks for @promptweave\/core .*, which does not take/, 'npx', 'nx', 'release', '--yes');
assert.deepEqual(repository.git('status', '--porcelain', '--untracked-files=no'), [], 'nothing has changed');
repository.git('reset', '--quiet', '--hard', 'HEAD^');
const lamm = join(place, 'packages/method-lamm/package.json');
const manifest = readFileSync(lamm, 'utf8');
writeFileSync(
  lamm,
  manifest.replace('"./dist/index.d.ts"', '"./dist/gone.d.ts"').replace(/("version": ")[^"]+/, '$19.9.9'),
);
const publish = ['nx', 'release', 'publish', '--projects=@promptweave/method-lamm'];
refused(place, env, /is not published:\n.*gone\.d\.ts/, 'npx', ...publish);
writeFileSync(lamm, manifest);
assert.deepEqual(published(), alone);

step('everything is released');
repository.plan(Object.fromEntries(Object.keys(old).map((name) => [name, 'patch'])), 'Repairs everywhere.');
release();
const newest = Object.fromEntries(Object.entries(alone).map(([name, version]) => [name, increased(version)]));
assert.deepEqual(published(), newest);

const everythingNew = project('everything-new', first);
everythingNew.install('promptweave', '@promptweave/emoji-data');
const configuration = ['prompt: coop', 'labels: lamm'];
everythingNew.works({ promptweave: newest.promptweave, plugin: [coop, newest[coop]], configuration });

oldPromptweave.install(`${coop}@${newest[coop]}`);
oldPromptweave.works({ promptweave: old.promptweave, plugin: [coop, newest[coop]], configuration });

const oldPlugin = project('new-promptweave-old-plugin', first);
oldPlugin.install('promptweave', '@promptweave/emoji-data', `${coop}@${old[coop]}`);
oldPlugin.works({ promptweave: newest.promptweave, plugin: [coop, old[coop]], configuration });

publishStranger();
const somebodyElse = project('plugin-of-somebody-else', first);
somebodyElse.install('promptweave', '@promptweave/emoji-data', 'promptweave-low-rank');
somebodyElse.works({
  promptweave: newest.promptweave,
  plugin: ['promptweave-low-rank', '1.0.0'],
  configuration: ['plugins: [default, promptweave-low-rank]', 'prompt: low-rank', 'labels: lamm'],
});
await registry.stop();
step('done');

/** Newest versions in the registry, by name. */
function published() {
  const stored = join(folder, 'registry/packages');
  const ours = readdirSync(join(stored, '@promptweave')).map((name) => `@promptweave/${name}`);
  const newestOf = (name) => [name, manifestIn(join(stored, name))['dist-tags'].latest];
  const unscoped = Object.keys(repository.versions()).filter((name) => !name.startsWith('@'));
  return Object.fromEntries([...ours, ...unscoped].sort().map(newestOf));
}

/** The next version of one where something is repaired. */
function increased(version) {
  return version.replace(/\d+$/, (last) => String(Number(last) + 1));
}

function publishStranger() {
  const stranger = join(folder, 'stranger');
  mkdirSync(stranger);
  copyFileSync(new URL('registry-trial/stranger.mjs', import.meta.url), join(stranger, 'index.js'));
  const { peerDependencies } = manifestIn(join(place, 'packages/method-coop'));
  const described = { name: 'promptweave-low-rank', version: '1.0.0', type: 'module', exports: './index.js' };
  writeFileSync(join(stranger, 'package.json'), JSON.stringify({ ...described, peerDependencies }));
  run(stranger, env, 'npm', 'publish', '--loglevel=error');
}
