// node tools/ci/ray-sweep.mjs ADDRESS FOLDER: a sweep on the Ray head at the address, disturbed in every way; see ray.sh.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { makeTrial, promptweave, readCells, sameResults, sawGpus, succeeded, until } from './sweep-trial.mjs';

const [address, home] = process.argv.slice(2);
const folder = join(home, 'trial');
makeTrial(
  folder,
  `backbone: { use: stub, pause: 250 }
dataset: { use: stub, shots: all }
prompt: stub
train: { epochs: 5, batch: 4, learningRate: 0.2, augment: false }
grid: { seed: [1, 2], prompt.scale: [0.5, 1] }
`,
);

/** Jobs of the head, or nothing while it does not answer. */
const jobs = () =>
  new Promise((resolve) => {
    const asked = request(`${address}/api/jobs/`, (response) => {
      let text = '';
      response
        .on('data', (data) => (text += data))
        .on('end', () => resolve(response.statusCode === 200 && JSON.parse(text)));
    });
    asked.on('error', () => resolve(undefined)).end();
  });

const seen = new Set();
/** Jobs with a status; notes all ids that ever were. */
async function jobsThat(status) {
  const all = (await jobs()) || [];
  for (const { submission_id: id } of all) seen.add(id);
  return all.filter((job) => job.status === status);
}

/** The process of a job's supervisor, among those of this head. */
function supervisors() {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(home);
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('ray::JobSupervisor');
    } catch {
      return false; // gone
    }
  });
}

await until('the head answers', jobs, 90);
const sweep = ['sweep', 'grid.yaml', '--output', 'ray', '--engine', 'ray', '--address', address, '--memory', '0.5'];
await succeeded(promptweave(folder, 'sweep', 'grid.yaml', '--output', 'local'));
const first = promptweave(folder, ...sweep);
first.on('exit', (code) => code && console.log(first.said));
await until('two jobs run', async () => (await jobsThat('RUNNING')).length >= 2, 240);
const [victim] = await until('a supervisor is there', () => supervisors().length > 0 && supervisors());
process.kill(Number(victim), 'SIGKILL');
console.log('A supervisor was killed.');
await until(
  'the lost job is noticed',
  () => readCells(join(folder, 'ray')).some(({ failures }) => failures.length > 0),
  90,
);
first.kill('SIGKILL');
console.log('The scheduler was killed.');
await jobsThat('RUNNING');
const second = promptweave(folder, ...sweep);
const watch = setInterval(() => void jobsThat('RUNNING'), 1000);
const said = await succeeded(second);
clearInterval(watch);

const cells = readCells(join(folder, 'ray'));
assert.equal(cells.length, 4);
sameResults(cells, readCells(join(folder, 'local')));
for (const cell of cells) {
  const all = Array.from({ length: 20 }, (_, step) => step + 1);
  assert.deepEqual(cell.steps, all, `cell ${cell.id} has other steps`);
  assert.equal(cell.ends, 1, `cell ${cell.id} ran to its end ${cell.ends} times`);
  assert.match(readFileSync(join(folder, 'ray/cells', cell.id, 'log.txt'), 'utf8'), /Wrote cells\//, 'ran here');
}
const losses = cells.flatMap(({ failures }) => failures);
assert.deepEqual(
  losses.map(({ kind }) => kind),
  ['lost'],
);
assert.equal(seen.size, 5, `${seen.size} jobs for 4 cells of which one was lost`);
// A job that is removed while Ray still watches it comes back as an entry without anything in it.
const left = (await jobs()).filter(({ metadata }) => metadata);
assert.deepEqual(left, [], 'what came home is off the list');
assert.ok(!said.includes('sent once'), 'the second scheduler had nothing to send');
console.log('4 cells on Ray in 2 slots: one supervisor lost and replaced, the scheduler killed and started again.');

await succeeded(promptweave(folder, ...sweep, '--output', 'cards', '--gpus', '1'));
sawGpus(readCells(join(folder, 'cards')), cells);
