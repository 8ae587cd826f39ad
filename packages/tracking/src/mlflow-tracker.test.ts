import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withDeliveryLock } from './delivery-lock.js';
import { FakeMlflow, type FakeRun } from './fake-mlflow.test.support.js';
import { MlflowTracker, type MlflowTrackerOptions } from './mlflow-tracker.js';
import { clientFor, startOf } from './recording.test.support.js';
import { foldersWithJournals, syncJournal } from './sync-journal.js';

let folder: string;
let server: FakeMlflow;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tracking-'));
  server = await new FakeMlflow().start();
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const trackerFor = (changes: Partial<MlflowTrackerOptions> = {}) =>
  new MlflowTracker({
    folder,
    client: clientFor(server.uri),
    intervalSeconds: 0.02,
    longestIntervalSeconds: 0.1,
    ...changes,
  });
const metrics = (step: number, values: Record<string, number> = { loss: 1 / step }) =>
  ({ type: 'metrics', step, values }) as const;
const sync = (where = folder) => syncJournal(where, clientFor(server.uri), { retrySeconds: 0.01 });
const steps = (run: FakeRun | undefined, key = 'loss') =>
  run?.metrics.filter((metric) => metric.key === key).map(({ step }) => step);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const cell = (id = 'a') => server.tagged('promptweave.run', id);

/** A run of some steps. */
function record(tracker: MlflowTracker, count: number, id = 'a'): void {
  tracker.record(startOf(id));
  for (const step of upTo(count)) tracker.record(metrics(step));
  tracker.record({ type: 'end', status: 'finished' });
}

describe('a server that works', () => {
  it('has everything that was recorded', async () => {
    writeFileSync(join(folder, 'prompts.safetensors'), 'weights');
    const tracker = trackerFor();
    const plugins = { '@promptweave/method-comma': '0.1.0', './mine.mjs': 'abc123', '../x/y.js': '1.0.0+def' };
    const environment = { ...startOf('a').environment, plugins, computation: 'wasm 4' };
    tracker.record(startOf('a', { environment, tags: { who: 'me' } }));
    tracker.record(metrics(1, { 'train/loss': 0.5, 'a:b?': NaN }));
    tracker.record(metrics(2, { 'train/loss': Infinity }));
    tracker.record({ type: 'artifact', path: 'prompts.safetensors' });
    tracker.record({ type: 'artifact', path: 'confusion/test.csv', content: '1,2' });
    const digests = { checkpoint: 'c1', dataset: 'd1' };
    tracker.record({ type: 'end', status: 'failed', error: 'loss is NaN', digests });
    expect(await tracker.close()).toEqual([]);
    const [run] = cell();
    expect(run!.status).toBe('FAILED');
    expect(run!.params).toEqual({
      ...{ 'prompt.use': 'comma', 'prompt.depth': '4', seed: '1' },
      ...{ 'losses.0.use': 'cross-entropy', 'losses.0.weight': '1' },
    });
    const [parent] = cell('sweep-1');
    expect(run!.tags).toMatchObject({
      ...{ who: 'me', 'mlflow.parentRunId': parent!.id, 'mlflow.source.git.commit': 'abc', 'version.node': '20' },
      ...{ 'promptweave.dataset': 'd1', 'promptweave.checkpoint': 'c1', 'promptweave.error': 'loss is NaN' },
      ...{ 'plugin.promptweave/method-comma': '0.1.0', 'plugin.mine.mjs': 'abc123', 'plugin.../x/y.js': '1.0.0+def' },
    });
    expect(run!.metrics.map(({ key, value, step }) => [key, value, step])).toEqual([
      ['train/loss', 0.5, 1],
      ['a_b_-045be8d2af3c', 'NaN', 1],
      ['train/loss', 'Infinity', 2],
    ]);
    expect(Object.keys(run!.artifacts).sort()).toEqual(
      ['config.yaml', 'confusion/test.csv', 'environment.json', 'prompts.safetensors'].sort(),
    );
    expect(run!.artifacts['prompts.safetensors']).toBe('weights');
    expect(run!.artifacts['config.yaml']).toContain('use: comma');
    expect(JSON.parse(run!.artifacts['environment.json']!)).toEqual(environment);
  });

  it('has rows, sources, data sets and what came out, each once', async () => {
    const names = { row: 'coop · lamm', 'row (long)': 'a' };
    const datasets = [
      { name: 'flowers', digest: 'd'.repeat(64), options: { use: 'folder', path: '/data/flowers' } },
      { name: 'emoji-plants', digest: 'e'.repeat(64), options: { use: 'emoji-plants', shots: 4 } },
    ];
    const end = {
      type: 'end',
      status: 'finished',
      datasets,
      summary: '| a |',
      tags: { 'promptweave.best': 'b' },
    } as const;
    for (let i = 0; i < 2; i++) {
      const tracker = trackerFor();
      tracker.record(startOf('a', { params: names, source: 'promptweave sweep study' }));
      tracker.record(end);
      expect(await tracker.close()).toEqual([]);
    }
    const [run] = cell();
    expect(run!.params).toMatchObject({ row: 'coop · lamm', seed: '1' });
    expect(Object.keys(run!.params)).toContainEqual(expect.stringMatching(/^row _long_-[0-9a-f]{12}$/));
    expect(run!.tags).toMatchObject({
      ...{ 'mlflow.source.name': 'promptweave sweep study', 'mlflow.source.type': 'LOCAL' },
      ...{ 'mlflow.note.content': '| a |', 'promptweave.best': 'b' },
    });
    const [files, made, ...others] = run!.inputs as { dataset: Record<string, string>; tags: unknown }[];
    expect(others).toEqual([]);
    expect(files!.tags).toEqual([{ key: 'mlflow.data.context', value: 'training' }]);
    expect(files!.dataset).toMatchObject({ name: 'flowers', digest: 'd'.repeat(32), source_type: 'local' });
    expect(JSON.parse(files!.dataset['source']!)).toMatchObject({ uri: '/data/flowers' });
    expect(made!.dataset).toMatchObject({ name: 'emoji-plants', source_type: 'code' });
  });

  it('that knows no data sets of runs has all the rest', async () => {
    server.fate = (endpoint) => (endpoint === 'runs/log-inputs' ? 'not here' : 'ok');
    const problems: string[] = [];
    const tracker = trackerFor({ onProblem: (problem) => problems.push(problem) });
    tracker.record(startOf('a'));
    const datasets = [{ name: 'flowers', digest: 'd', options: {} }];
    tracker.record({ type: 'end', status: 'finished', datasets });
    expect(await tracker.close()).toEqual([]);
    expect(cell()[0]!.status).toBe('FINISHED');
    expect(problems).toEqual([expect.stringContaining('no data sets of runs')]);
  });

  it('has what the machine did, counted on where the run goes on', async () => {
    for (let i = 0; i < 2; i++) {
      const tracker = trackerFor({ systemMetricsSeconds: 0.02 });
      tracker.record(startOf('a'));
      const memory = 'system/system_memory_usage_percentage';
      await expect.poll(() => steps(cell()[0], memory)?.length, { timeout: 20_000 }).toBeGreaterThan(3 * (i + 1));
      tracker.record({ type: 'end', status: 'finished' });
      await tracker.close();
      expect(steps(cell()[0], memory)).toEqual(upTo(steps(cell()[0], memory)!.length));
    }
  });

  it('gets it while the run goes on', async () => {
    const tracker = trackerFor();
    tracker.record(startOf('a'));
    for (const step of upTo(5)) {
      tracker.record(metrics(step));
      await expect.poll(() => steps(cell()[0])).toEqual(upTo(step));
    }
    await tracker.close();
  });

  it('gets many metrics in few calls', async () => {
    const tracker = trackerFor({ intervalSeconds: 60 });
    record(tracker, 2500);
    await tracker.close();
    expect(steps(cell()[0])).toEqual(upTo(2500));
    expect(server.requests.filter((endpoint) => endpoint === 'runs/log-batch').length).toBeLessThanOrEqual(5);
  });

  it('has one parent for all cells of a sweep, also where they begin at once', async () => {
    const folders = upTo(4).map((i) => join(folder, String(i)));
    const trackers = folders.map((where) => trackerFor({ folder: where, intervalSeconds: 0.01 }));
    trackers.forEach((tracker, i) => record(tracker, 3, `cell-${i}`));
    await Promise.all(trackers.map((tracker) => tracker.close()));
    const [parent, ...others] = cell('sweep-1');
    expect(others).toEqual([]);
    expect(server.tagged('mlflow.parentRunId', parent!.id)).toHaveLength(4);
  });
});

describe('a server that does not work', () => {
  it.each(['hang', 'reset', 500, 401, 429] as const)('costs the run nothing (%s)', async (fate) => {
    server.fate = () => fate;
    const problems: string[] = [];
    const tracker = trackerFor({ closeSeconds: 0.3, onProblem: (problem) => problems.push(problem) });
    const begun = performance.now();
    let longest = 0;
    tracker.record(startOf('a'));
    for (const step of upTo(200)) {
      const before = performance.now();
      tracker.record(metrics(step));
      longest = Math.max(longest, performance.now() - before);
      if (step % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    tracker.record({ type: 'end', status: 'finished' });
    const left = await tracker.close();
    expect(left).toEqual([
      expect.stringMatching(/not everything is on the MLflow server yet.*promptweave track sync/i),
    ]);
    expect(longest).toBeLessThan(200);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(problems.length).toBeGreaterThan(0);
    server.fate = () => 'ok';
    await sync();
    expect(steps(cell()[0])).toEqual(upTo(200));
    expect(cell()[0]!.status).toBe('FINISHED');
  });

  it('that is not there gets everything when it comes back', async () => {
    await server.stop();
    const tracker = trackerFor();
    tracker.record(startOf('a'));
    tracker.record(metrics(1));
    await new Promise((resolve) => setTimeout(resolve, 200));
    tracker.record(metrics(2));
    await server.start();
    await expect.poll(() => steps(cell()[0])).toEqual([1, 2]);
    await server.stop();
    tracker.record(metrics(3));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await server.start();
    expect(await tracker.close()).toEqual([]);
    expect(steps(cell()[0])).toEqual([1, 2, 3]);
  });

  it('that acts but loses every third answer has everything once', async () => {
    let requests = 0;
    server.fate = () => (++requests % 3 === 0 ? 'lost answer' : 'ok');
    const tracker = trackerFor({ intervalSeconds: 0.005, longestIntervalSeconds: 0.02 });
    tracker.record(startOf('a'));
    for (const step of upTo(60)) {
      tracker.record(metrics(step));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    tracker.record({ type: 'end', status: 'finished' });
    await tracker.close();
    server.fate = () => 'ok';
    await sync();
    expect(cell()).toHaveLength(1);
    expect(cell('sweep-1')).toHaveLength(1);
    expect(steps(cell()[0])).toEqual(upTo(60));
  });

  it('that refuses one metric gets the others', async () => {
    const tracker = trackerFor({ intervalSeconds: 60 });
    tracker.record(startOf('a'));
    for (const step of upTo(9)) tracker.record(metrics(step, step === 4 ? { refused: 1, loss: 1 } : { loss: 1 }));
    expect(await tracker.close()).toEqual([expect.stringMatching(/metric refused of step 4 cannot be there.*bad key/)]);
    expect(steps(cell()[0])).toEqual(upTo(9));
  });

  it('that has lost its runs gets everything again', async () => {
    const tracker = trackerFor();
    record(tracker, 5);
    await tracker.close();
    server.runs.length = 0;
    appendFileSync(join(folder, 'journal.jsonl'), `{"seq":8,"time":1,"type":"metrics","step":6,"values":{"loss":1}}\n`);
    await sync();
    expect(steps(cell()[0])).toEqual(upTo(6));
  });

  it('on which the run was deleted is left alone', async () => {
    const tracker = trackerFor();
    record(tracker, 2);
    await tracker.close();
    cell()[0]!.deleted = true;
    appendFileSync(join(folder, 'journal.jsonl'), `{"seq":5,"time":1,"type":"metrics","step":6,"values":{"loss":1}}\n`);
    await expect(sync()).rejects.toThrow(/was deleted on/);
    expect(cell()).toEqual([]);
  });

  it('on which another run took the place of the deleted one has everything there', async () => {
    const tracker = trackerFor();
    record(tracker, 2);
    await tracker.close();
    const [first] = cell();
    first!.deleted = true;
    const { tags, startTime } = first!;
    const fresh = { id: 'other', status: 'RUNNING', deleted: false, startTime, tags };
    server.runs.push({ ...fresh, params: {}, metrics: [], artifacts: {}, inputs: [] });
    appendFileSync(join(folder, 'journal.jsonl'), `{"seq":5,"time":1,"type":"metrics","step":6,"values":{"loss":1}}\n`);
    expect(await sync()).toMatchObject({ runId: 'other', entries: 5, refused: [] });
    expect(steps(cell()[0])).toEqual([1, 2, 6]);
    expect(cell()[0]!.params).toHaveProperty('prompt.use', 'comma');
  });
});

describe('syncing', () => {
  beforeEach(async () => {
    const tracker = trackerFor();
    record(tracker, 5);
    await tracker.close();
  });
  const everythingOnce = () => {
    expect(cell()).toHaveLength(1);
    expect(steps(cell()[0])).toEqual(upTo(5));
  };

  it('again sends nothing', async () => {
    server.requests.length = 0;
    expect(await sync()).toMatchObject({ entries: 7, refused: [] });
    expect(server.requests).toEqual([]);
  });

  it('without the record of what was delivered asks the server', async () => {
    rmSync(join(folder, 'mlflow.json'));
    await sync();
    everythingOnce();
  });

  it('with a damaged record asks the server', async () => {
    writeFileSync(join(folder, 'mlflow.json'), '{"format": 1, "serv');
    await sync();
    everythingOnce();
  });

  it('a copy with an old record asks the server', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'tracking-copy-'));
    const state = JSON.parse(readFileSync(join(folder, 'mlflow.json'), 'utf8')) as { servers: Record<string, object> };
    for (const server of Object.values(state.servers)) Object.assign(server, { seq: 0, offset: 0, doubtful: 0 });
    cpSync(folder, copy, { recursive: true });
    writeFileSync(join(copy, 'mlflow.json'), JSON.stringify(state));
    await sync(copy);
    rmSync(copy, { recursive: true });
    everythingOnce();
  });

  it('sends to each server', async () => {
    const other = await new FakeMlflow().start();
    await syncJournal(folder, clientFor(other.uri));
    expect(steps(other.tagged('promptweave.run', 'a')[0])).toEqual(upTo(5));
    await other.stop();
    await sync();
    everythingOnce();
  });

  it('at the same time as another process is refused', async () => {
    await withDeliveryLock(folder, () => expect(sync()).rejects.toThrow(/Another process is delivering/));
    await sync();
  });

  it('finds the runs of a sweep', async () => {
    record(trackerFor({ folder: join(folder, 'cells/b') }), 1, 'b');
    expect(await foldersWithJournals(folder)).toEqual([folder, join(folder, 'cells/b')]);
    await expect(sync(join(folder, 'cells'))).rejects.toThrow(/no journal\.jsonl/);
  });
});

describe('a run that goes on', () => {
  it('is the same run, and steps that it repeats are there once', async () => {
    const first = trackerFor();
    first.record(startOf('a'));
    for (const step of upTo(5)) first.record(metrics(step));
    first.record({ type: 'end', status: 'stopped' });
    await first.close();
    expect(cell()[0]!.status).toBe('KILLED');
    const second = trackerFor();
    second.record(startOf('a'));
    for (const step of [4, 5, 6, 7]) second.record(metrics(step));
    await expect.poll(() => steps(cell()[0])).toEqual(upTo(7));
    expect(cell()[0]!.status).toBe('RUNNING');
    second.record({ type: 'end', status: 'finished' });
    expect(await second.close()).toEqual([]);
    expect(cell()).toHaveLength(1);
    expect(cell()[0]!.status).toBe('FINISHED');
  });

  it.each([
    ['that was delivered (a power failure)', 'ok'],
    ['that was not', 500],
  ] as const)('survives half a line at the end of its journal, %s', async (_name, fate) => {
    server.fate = () => fate;
    const first = trackerFor();
    first.record(startOf('a'));
    for (const step of upTo(3)) first.record(metrics(step));
    await first.close();
    server.fate = () => 'ok';
    const journal = join(folder, 'journal.jsonl');
    truncateSync(journal, readFileSync(journal).length - 10);
    const second = trackerFor();
    second.record(startOf('a'));
    for (const step of [3, 4]) second.record(metrics(step));
    expect(await second.close()).toEqual([]);
    expect(steps(cell()[0])).toEqual(upTo(4));
    const lines = readFileSync(journal, 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { seq: number }).seq)).toEqual(upTo(lines.length));
  });

  it('of another configuration in the same folder is another run', async () => {
    const start = (depth: number) => startOf('x', { id: undefined, configuration: { depth } });
    for (const depth of [1, 1, 2]) {
      const tracker = trackerFor();
      tracker.record(start(depth));
      tracker.record(metrics(1));
      expect(await tracker.close()).toEqual([]);
    }
    expect(server.runs.filter(({ params }) => params['depth'] === '1')).toHaveLength(1);
    expect(server.runs.filter(({ params }) => params['depth'] === '2')).toHaveLength(1);
    expect(readdirSync(folder)).toContain('earlier-1-journal.jsonl');
  });
});

describe('what cannot be recorded', () => {
  it('is said once and thrown never', async () => {
    const problems: string[] = [];
    writeFileSync(join(folder, 'a file'), '');
    const tracker = trackerFor({
      folder: join(folder, 'a file', 'run'),
      onProblem: (problem) => {
        problems.push(problem);
        throw new Error('a listener that fails');
      },
    });
    record(tracker, 3);
    expect(await tracker.close()).toEqual([expect.stringContaining('Not recorded for MLflow')]);
    expect(problems).toHaveLength(1);
  });

  it('is a file that is gone; the rest is delivered', async () => {
    const tracker = trackerFor({ intervalSeconds: 60 });
    tracker.record(startOf('a'));
    tracker.record({ type: 'artifact', path: 'gone.svg' });
    tracker.record(metrics(1));
    expect(await tracker.close()).toEqual([expect.stringMatching(/gone\.svg is not there yet/)]);
    expect(steps(cell()[0])).toEqual([1]);
  });

  it('is an event that comes before the start, or is no event', async () => {
    const tracker = trackerFor();
    tracker.record(metrics(1));
    tracker.record(startOf("it's"));
    expect(await tracker.close()).toHaveLength(2);
    expect(server.requests).toEqual([]);
  });
});
