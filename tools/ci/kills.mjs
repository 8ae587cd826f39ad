// A sweep of 12 cells, killed with kill -9 at 20 random moments: the scheduler or one of its workers, while they start and while they
// work. Afterwards every cell must have come to its end exactly once, with the bits of a sweep that nobody disturbed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { makeTrial, promptweave, readCells, sameResults, succeeded } from './sweep-trial.mjs';

const KILLS = 20;
const CELLS = 12;
const STEPS = 32;
const folder = mkdtempSync(join(tmpdir(), 'kills-'));
let running;
/** All processes of the disturbed sweep. */
const schedulers = [];
try {
  makeTrial(
    folder,
    `backbone: { use: stub, pause: 120 }
dataset: { use: stub, shots: all }
prompt: stub
train: { epochs: 8, batch: 4, learningRate: 0.2 }
grid: { seed: [1, 2, 3], prompt.scale: [0.5, 1], labels.use: [frozen, lamm] }
`,
  );
  const words = (output) => ['sweep', 'grid.yaml', '--jobs', '2', '--output', output];
  await succeeded(promptweave(folder, ...words('whole')));
  // A cell that loses its process three times without a newer checkpoint is given up; here, nobody but the trial is to blame.
  const found = await disturbed([...words('killed'), '--retry-failed']);
  sameResults(found.cells, readCells(join(folder, 'whole')));
  assert.equal(found.cells.length, CELLS);
  assert.equal(found.outcomes, CELLS, 'a cell has no outcome');
  for (const { id, steps, ends } of found.cells) {
    const all = Array.from({ length: STEPS }, (_, step) => step + 1);
    assert.deepEqual(steps, all, `cell ${id} has other steps`);
    // More than one where it was killed after its training and before its outcome was there.
    assert.ok(ends >= 1, `cell ${id} never came to its end`);
  }
  const finishes = schedulers.flatMap(({ said }) =>
    [...said.matchAll(/✓ \[\d+\/\d+\] (.*) \(/g)].map(([, cell]) => cell),
  );
  assert.equal(new Set(finishes).size, finishes.length, `a cell was finished twice: ${finishes.sort().join('; ')}`);
  const resumed = found.cells.reduce((sum, cell) => sum + cell.resumed, 0);
  assert.ok(resumed > 0, 'no cell went on from a checkpoint: the trial tried nothing');
  console.log(
    `12 cells, ${found.schedulers} schedulers and ${found.workers} workers killed: the same bits; ` +
      `cells done at each: ${found.before.join(' ')}; ${resumed} times a cell went on from its checkpoint, none ran again after its end.`,
  );
} finally {
  running?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Runs a sweep to its end with 20 kills on the way. */
async function disturbed(words) {
  const killed = { schedulers: 0, workers: 0, before: [] };
  const ended = new Map();
  for (let kill = 0; kill < KILLS; kill++) {
    if (!running || running.exitCode !== null || running.signalCode !== null) running = begin(words);
    const before = stepsBehind();
    // Every fourth kill comes at any moment, the others after something was done.
    if (kill % 4 !== 3) await Promise.race([progress(before), setTimeout(20_000)]);
    // The kills keep pace with the cells, so that they come at all stages of the sweep.
    const due = Math.floor((kill / KILLS) * CELLS);
    const patience = performance.now() + 30_000;
    while (ended.size < due - 1 && running.exitCode === null && performance.now() < patience) {
      await setTimeout(100);
      checkEnds(ended);
    }
    await setTimeout(Math.random() * (ended.size > due ? 100 : 1500));
    checkEnds(ended);
    assert.ok(ended.size < CELLS, `the sweep was over after ${kill} kills`);
    const worker = kill % 2 === 0 ? workersOf(running.pid).at(Math.floor(Math.random() * 2)) : undefined;
    assert.ok(!running.exitCode, `the sweep ended by itself with ${running.exitCode}:\n${running.said}`);
    if (!kill9(worker ?? running.pid)) {
      kill -= 1; // it ended in this moment
      continue;
    }
    killed[worker ? 'workers' : 'schedulers'] += 1;
    killed.before.push(ended.size);
    if (!worker) await once(running, 'exit');
  }
  if (running.exitCode === null && running.signalCode === null) await succeeded(running);
  else await succeeded((running = begin(words)));
  await succeeded(begin(words)); // nothing is left to do
  checkEnds(ended);
  return { ...killed, outcomes: ended.size, cells: readCells(join(folder, 'killed')) };
}

function begin(words) {
  const scheduler = promptweave(folder, ...words);
  schedulers.push(scheduler);
  return scheduler;
}

/** Notes which cells are finished; the end of a cell that had ended must not change. */
function checkEnds(ended) {
  if (!existsSync(join(folder, 'killed/cells'))) return;
  for (const { id } of readCells(join(folder, 'killed'))) {
    const file = join(folder, 'killed/cells', id, 'outcome.json');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (ended.has(id)) assert.equal(text, ended.get(id), `cell ${id} ran again after its end`);
    else if (text !== undefined) ended.set(id, text);
  }
}

/** @returns whether there was something to kill */
function kill9(pid) {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}

function stepsBehind() {
  if (!existsSync(join(folder, 'killed/cells'))) return 0;
  return readCells(join(folder, 'killed')).reduce((sum, { steps }) => sum + steps.length, 0);
}

async function progress(before) {
  while (stepsBehind() <= before && running.exitCode === null && running.signalCode === null) await setTimeout(50);
}

/** Process ids of a process's children. */
function workersOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
