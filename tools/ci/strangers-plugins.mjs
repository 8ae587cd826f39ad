/**
 * What a stranger does to write a plugin: from published packages, outside of this repository, `npm create promptweave-plugin` for every kind.
 * Each package passes its tests, trains, and stands in a grid with LAMM; one is published.
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
const kinds = process.argv.length > 2 ? process.argv.slice(2) : allKinds();
const folder = mkdtempSync(join(tmpdir(), 'promptweave-strangers-'));
const registry = await localRegistry(join(folder, 'registry'));
const projects = join(folder, 'projects');
mkdirSync(projects);

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

/** As a user types it, once; what npm has fetched for that makes the others. */
const typed = ['npm', 'create', '--yes', 'promptweave-plugin@latest', '--'];
const fetched = ['npx', 'create-promptweave-plugin'];
const create = (words, kind, expected) => run(projects, [...words, `my-${kind}`, '--kind', kind, '--yes'], expected);

async function tryOut(kind) {
  const place = join(projects, `my-${kind}`);
  const isIn = (configuration) => configuration.includes(`use: my-${kind}\n`);
  await run(place, ['npm', 'test']);
  await run(place, ['npm', 'run', 'train', '--', 'train.steps=4']);
  const train = join(place, 'runs/train');
  assert.ok(existsSync(join(train, 'result.json')), `${kind}: the training is finished`);
  assert.ok(isIn(readFileSync(join(train, 'config.yaml'), 'utf8')), `${kind}: the plugin is in the run`);
  if (kind === 'tracker') assert.ok(existsSync(join(train, 'values.jsonl')), 'the tracker has recorded the run');
  await run(place, ['npm', 'run', 'grid', '--', 'train.steps=2']);
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
  await create(typed, kinds[0], 0);
  await run(projects, ['npm', 'install', '--no-save', '--prefix', '.', 'create-promptweave-plugin']);
  for (const kind of kinds.slice(1)) await create(fetched, kind, 0);
  await create(fetched, kinds[0], 2); // nothing is overwritten
  rmSync(join(projects, 'node_modules'), { recursive: true });

  // What the first one installs serves all: their package.json ask for the same.
  const first = join(projects, `my-${kinds[0]}`);
  await run(first, ['npm', 'install']);
  renameSync(join(first, 'node_modules'), join(projects, 'node_modules'));
  await run(first, ['npx', 'promptweave', 'runtime', 'ensure']);

  const waiting = [...kinds];
  const lane = async () => {
    for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) await tryOut(kind);
  };
  await Promise.all([lane(), lane()]);

  await run(first, ['npm', 'publish']); // tested and built before
  assert.match(await run(first, ['npm', 'view', `my-${kinds[0]}`, 'version']), /0\.1\.0/);
  console.log(`${kinds.length} plugins of a stranger pass their tests, train, and stand in a grid with LAMM.`);
} finally {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
}
