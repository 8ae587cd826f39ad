// node tools/ci/slurm-sweep.mjs FOLDER: a sweep as an array of the Slurm that SLURM_CONF names, one task killed; see slurm.sh.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTrial, promptweave, readCells, sameResults, sawGpus, succeeded, until } from './sweep-trial.mjs';

const [home] = process.argv.slice(2);
const folder = join(home, 'trial');
makeTrial(
  folder,
  `backbone: { use: stub, pause: 250 }
dataset: { use: stub, shots: all }
prompt: stub
train: { epochs: 5, batch: 4, learningRate: 0.2, augment: false }
grid: { seed: [1, 2, 3], prompt.scale: [0.5, 1] }
`,
);
const slurm = (...words) => {
  try {
    return execFileSync(words[0], words.slice(1), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch {
    return ''; // not yet
  }
};

await until('a node is idle', () => slurm('sinfo', '--noheader', '--format=%t').trim() === 'idle', 90);
await succeeded(promptweave(folder, 'sweep', 'grid.yaml', '--output', 'local'));
const sweep = ['sweep', 'grid.yaml', '--output', 'slurm', '--engine', 'slurm', '--jobs', '2', '--memory', '1'];

/** Indices of tasks that run. */
const running = () =>
  slurm('squeue', '--noheader', '--array', '--states=RUNNING', '--format=%A').split('\n').filter(Boolean);

const first = promptweave(folder, ...sweep);
const begun = () => readCells(join(folder, 'slurm')).find(({ checkpoint, learned }) => checkpoint && !learned);
const victim = await until('a cell has a checkpoint', () => first.said.includes('Slurm array') && begun(), 120);
const claim = readdirSync(join(folder, 'slurm/cells', victim.id)).find((name) => name.startsWith('claim.'));
const [claimant] = readFileSync(join(folder, 'slurm/cells', victim.id, claim), 'utf8').split('\n');
const { pid } = JSON.parse(claimant);
assert.ok(running().length <= 2, 'more tasks than --jobs allows');
process.kill(pid, 'SIGKILL');
console.log(`The task of cell ${victim.id} was killed.`);
first.kill('SIGKILL');
console.log('The scheduler was killed.');
const said = await succeeded(promptweave(folder, ...sweep));

const script = readFileSync(
  join(folder, 'slurm/slurm', readdirSync(join(folder, 'slurm/slurm'))[0], 'array.sh'),
  'utf8',
);
assert.match(said, /1 cells, 2 at once/, 'only the killed cell is submitted again');
assert.ok(script.startsWith('#!/bin/bash'));
const cells = readCells(join(folder, 'slurm'));
sameResults(
  cells.map(({ learned, summary, id }) => ({ learned, summary, id })),
  readCells(join(folder, 'local')),
);
for (const cell of cells) {
  const all = Array.from({ length: 20 }, (_, step) => step + 1);
  assert.deepEqual(cell.steps, all, `cell ${cell.id} has other steps`);
  assert.equal(cell.ends, 1, `cell ${cell.id} ran to its end ${cell.ends} times`);
  assert.equal(
    cell.resumed,
    cell.id === victim.id ? 1 : 0,
    `cell ${cell.id} went on from a checkpoint ${cell.resumed} times`,
  );
}
assert.equal(slurm('squeue', '--noheader').trim(), '', 'nothing is left in the queue');
console.log('6 cells as a Slurm array, 2 at once: one killed, submitted again and gone on from its checkpoint.');

await succeeded(promptweave(folder, ...sweep, '--output', 'cards', '--gpus', '1'));
sawGpus(readCells(join(folder, 'cards')), cells);
