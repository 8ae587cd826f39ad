// A sweep of 1,000 cells with a stub learner: what the scheduler costs a cell, whether memory stays flat, how long the report takes.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTrial, promptweave, succeeded } from './sweep-trial.mjs';

const CELLS = Number(process.argv[2] ?? 1000);
/** Processor seconds of a tick in /proc. */
const TICK = 0.01;
/** Milliseconds on the clock that a cell may take besides training and evaluation, where nothing else wants the processor. */
const WALL = 100;
/** Load below which a machine is free for this when it begins. */
const FREE = 1.5;
const folder = mkdtempSync(join(tmpdir(), 'thousand-'));
let sweep;
try {
  makeTrial(
    folder,
    `backbone: stub
dataset: { use: stub, shots: 1, images: 1 }
prompt: stub
train: { steps: 2, batch: 4, learningRate: 0.1, augment: false }
grid:
  seed: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  sample: { count: ${CELLS / 10}, ranges: { train.learningRate: { from: 0.001, to: 1, scale: log } } }
`,
  );
  const isFree = loadavg()[0] < FREE;
  const begun = Date.now();
  sweep = promptweave(folder, 'sweep', 'grid.yaml', '--output', 'out');
  const samples = [];
  let last = 0;
  const watch = setInterval(() => {
    const done = (sweep.said.match(/✓/g) ?? []).length;
    if (done >= last + CELLS / 20) samples.push({ done: (last = done), ...usage(sweep.pid) });
  }, 100);
  await succeeded(sweep);
  clearInterval(watch);
  const seconds = (Date.now() - begun) / 1000;
  const cells = readdirSync(join(folder, 'out/cells'));
  const outcomes = cells.map((id) => JSON.parse(readFileSync(join(folder, 'out/cells', id, 'outcome.json'), 'utf8')));
  assert.equal(outcomes.length, CELLS);

  const [early, late] = [samples[1], samples.at(-1)];
  assert.ok(early && late.done - early.done >= CELLS / 2, 'too few looks at the processes');
  const own = (1000 * (late.scheduler.cpu - early.scheduler.cpu)) / (late.done - early.done);
  const all = own + (1000 * (late.workers.cpu - early.workers.cpu)) / (late.done - early.done);
  const worked = outcomes.reduce((sum, outcome) => sum + outcome.seconds + outcome.evaluationSeconds, 0);
  const wall = (1000 * (seconds - worked)) / CELLS;
  console.log(
    `A cell: ${own.toFixed(1)} ms of processor in the scheduler, ${all.toFixed(1)} ms with everything that its worker does; ` +
      `${wall.toFixed(1)} ms on the clock besides training and evaluation` +
      `${isFree ? '' : ', on a machine that had other things to do'}.`,
  );
  const megabytes = (look) => `${(look.scheduler.rss / 1e6).toFixed(0)} and ${(look.workers.rss / 1e6).toFixed(0)} MB`;
  console.log(
    `Scheduler and worker: ${megabytes(early)} after ${early.done} cells, ${megabytes(late)} after ${late.done}.`,
  );
  assert.ok(own < 50, 'the scheduler takes more than 50 ms of processor time a cell');
  assert.ok(all < 100, 'scheduler and worker take more than 100 ms of processor time a cell');
  if (isFree) assert.ok(wall < WALL, `a cell takes more than ${WALL} ms on the clock besides training and evaluation`);
  for (const process of ['scheduler', 'workers']) {
    // It rises until the garbage is collected: the least of the last quarter is what stays.
    const kept = Math.min(...samples.slice(-5).map((look) => look[process].rss));
    assert.ok(kept < 1.25 * early[process].rss + 40e6, `the memory of the ${process} grows`);
  }

  const asked = Date.now();
  const report = promptweave(folder, 'report', 'out');
  let cpu = 0;
  const look = setInterval(() => (cpu = Math.max(cpu, usage(report.pid).scheduler.cpu)), 50);
  await succeeded(report);
  clearInterval(look);
  console.log(`The report took ${((Date.now() - asked) / 1000).toFixed(1)} s, ${cpu.toFixed(1)} s of processor.`);
  assert.ok(cpu < 10, 'the report takes more than 10 s');
} finally {
  sweep?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Processor seconds and resident bytes of a process and of its children. */
function usage(pid) {
  const of = (id) => {
    try {
      const fields = readFileSync(`/proc/${id}/stat`, 'utf8').split(') ').at(-1).split(' ');
      return { cpu: TICK * (Number(fields[11]) + Number(fields[12])), rss: 4096 * Number(fields[21]) };
    } catch {
      return { cpu: 0, rss: 0 }; // gone
    }
  };
  let children = [];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  } catch {
    // gone
  }
  const sum = children.map(of).reduce((a, b) => ({ cpu: a.cpu + b.cpu, rss: a.rss + b.rss }), { cpu: 0, rss: 0 });
  return { scheduler: of(pid), workers: sum };
}
