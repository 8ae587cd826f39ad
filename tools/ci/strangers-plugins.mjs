/**
 * What a stranger does to write a plugin: from published packages, outside of this repository, `npm create promptweave-plugin` for every kind.
 * Each package passes its tests, trains, and stands in a grid with LAMM. The prompt learner is that of the tutorial, replayed from its page up to
 * its publication; what it has installed serves the others.
 *
 * Usage: node tools/ci/strangers-plugins.mjs [KIND…]
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kinds as allKinds } from 'create-promptweave-plugin';
import { localRegistry } from './local-registry.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tutorial = 'docs/tutorials/write-a-method.md'; // a prompt learner
const kinds = (process.argv.length > 2 ? process.argv.slice(2) : allKinds()).filter((kind) => kind !== 'prompt');
const folder = mkdtempSync(join(tmpdir(), 'promptweave-strangers-'));
const registry = await localRegistry(join(folder, 'registry'));
const page = join(folder, 'page'); // where the tutorial is replayed
const projects = join(folder, 'projects');
for (const place of [page, projects]) mkdirSync(place);

/** Runs a command to its end. @returns what it printed @throws with all of it where the exit code is another one */
async function run(place, [command, ...words], expected = 0) {
  const begun = performance.now();
  const child = spawn(command, words, { cwd: place, env: registry.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  assert.equal(code, expected, `${command} ${words.join(' ')} in ${place} ended with ${code}:\n${output}`);
  console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${command} ${words.join(' ')}`);
  return output;
}

const create = (kind, expected) =>
  run(projects, ['npx', 'create-promptweave-plugin', `my-${kind}`, '--kind', kind, '--yes'], expected);

async function tryOut(kind) {
  const place = join(projects, `my-${kind}`);
  const isIn = (configuration) => configuration.includes(`use: my-${kind}\n`);
  // The drawings of the tutorial, but few of them: what is learned is not looked at.
  const few = kind === 'dataset' ? [] : ['dataset.use=emoji-plants'];
  await run(place, ['npm', 'test']);
  await run(place, ['npm', 'run', 'train', '--', 'train.steps=4', ...few]);
  const train = join(place, 'runs/train');
  assert.ok(existsSync(join(train, 'result.json')), `${kind}: the training is finished`);
  assert.ok(isIn(readFileSync(join(train, 'config.yaml'), 'utf8')), `${kind}: the plugin is in the run`);
  if (kind === 'tracker') assert.ok(existsSync(join(train, 'values.jsonl')), 'the tracker has recorded the run');
  await run(place, ['npm', 'run', 'grid', '--', 'train.steps=2', '--jobs', '1', ...few]);
  const grid = join(place, 'runs/grid/cells');
  const cells = readdirSync(grid).filter((cell) => existsSync(join(grid, cell, 'result.json')));
  assert.ok(cells.length >= 4, `${kind}: the grid has ${cells.length} finished cells`);
  const configurations = cells.map((cell) => readFileSync(join(grid, cell, 'config.yaml'), 'utf8'));
  assert.ok(configurations.some(isIn), `${kind}: the plugin is in the grid`);
  const withLamm = configurations.filter((configuration) => configuration.includes('use: lamm\n'));
  assert.ok(withLamm.length > 0, `${kind}: LAMM is in the grid`);
  if (kind !== 'labels') assert.ok(withLamm.some(isIn), `${kind} stands with LAMM`);
}

try {
  await run(root, ['npm', 'publish', '--workspaces', '--ignore-scripts', '--silent']);
  await run(root, ['node', 'tools/documentation/replay.mjs', tutorial, '--prepared', page]);

  await run(projects, ['npm', 'install', '--no-save', '--prefix', '.', 'create-promptweave-plugin']);
  for (const kind of kinds) await create(kind, 0);
  if (kinds.length > 0) await create(kinds[0], 2); // nothing is overwritten
  rmSync(join(projects, 'node_modules'), { recursive: true });
  // What the tutorial has installed serves all: their package.json ask for the same.
  renameSync(join(page, 'work/promptweave-low-rank/node_modules'), join(projects, 'node_modules'));
  await run(projects, ['npx', 'promptweave', 'runtime', 'ensure']);

  const waiting = [...kinds];
  const lane = async () => {
    for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) await tryOut(kind);
  };
  await Promise.all([lane(), lane()]);

  console.log(
    `The tutorial works, and ${kinds.length} plugins more pass their tests, train, and stand in a grid with LAMM.`,
  );
} finally {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
}
