import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MlflowClient, type Run } from '@promptweave/mlflow-js-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRegistered } from './load-registered.js';
import { MlflowTracker } from './mlflow-tracker.js';
import { startOf } from './recording.test.support.js';
import { registerPrompts } from './register-prompts.js';
import { writeRunFolder } from './run-folder.test.support.js';
import { foldersWithJournals, syncJournal } from './sync-journal.js';

const program = process.env.MLFLOW_TEST_SERVER;
const trackingUri = process.env.MLFLOW_TEST_URI;
const CELLS = 4;
const STEPS = 60;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Needs MLflow: `node packages/mlflow-js-client/scripts/with-server.mjs npx vitest run --project tracking`. */
describe.runIf(program && trackingUri)('a real server', () => {
  let folder: string;
  let client: MlflowClient;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tracking-real-'));
    client = new MlflowClient({ trackingUri: trackingUri! });
  });
  afterAll(() => {
    client.close();
    rmSync(folder, { recursive: true });
  });

  it('that is killed and started again during a sweep has everything once', { timeout: 900_000 }, async () => {
    const port = await freePort();
    const uri = `http://127.0.0.1:${port}`;
    const data = join(folder, 'server');
    let server = startServer(port, data);
    const own = new MlflowClient({ trackingUri: uri, timeoutSeconds: 60 });
    try {
      await untilHealthy(uri);
      const trackers = Array.from({ length: CELLS }, (_, cell) => {
        const options = { folder: join(folder, `cells/${cell}`), intervalSeconds: 0.3, longestIntervalSeconds: 1 };
        const tracker = new MlflowTracker({ ...options, client: own, closeSeconds: 60 });
        tracker.record(startOf(`cell-${cell}`, { experiment: 'killed server' }));
        return tracker;
      });
      const record = async (from: number, to: number) => {
        for (let step = from; step <= to; step++) {
          for (const tracker of trackers)
            tracker.record({ type: 'metrics', step, values: { loss: 1 / step, other: step } });
          await sleep(20);
        }
      };
      await record(1, STEPS / 3);
      await untilDelivered(() => all(own.runs.search({ experimentIds: ['1'], filter: 'metrics.loss > 0' })));
      const half = record(STEPS / 3 + 1, (2 * STEPS) / 3);
      await sleep(200);
      await endServer(server);
      await half;
      server = startServer(port, data);
      await record((2 * STEPS) / 3 + 1, STEPS);
      for (const tracker of trackers) tracker.record({ type: 'end', status: 'finished' });
      await untilHealthy(uri);
      await Promise.all(trackers.map((tracker) => tracker.close()));
      // What was not in time, and the whole again with its records lost, as on another machine.
      const folders = await foldersWithJournals(join(folder, 'cells'));
      for (const cell of folders) await syncJournal(cell, own);
      for (const cell of folders) rmSync(join(cell, 'mlflow.json'));
      for (const cell of folders) expect((await syncJournal(cell, own)).refused).toEqual([]);

      const { experimentId } = await own.experiments.getByName('killed server');
      const runs = await all(own.runs.search({ experimentIds: [experimentId] }));
      const parents = runs.filter((run) => run.tags['promptweave.run'] === 'sweep-1');
      expect(parents).toHaveLength(1);
      const cells = runs.filter((run) => run !== parents[0]);
      expect(cells.map((run) => run.tags['promptweave.run']).sort()).toEqual(
        Array.from({ length: CELLS }, (_, cell) => `cell-${cell}`),
      );
      for (const { info, tags, params } of cells) {
        expect(tags['mlflow.parentRunId']).toBe(parents[0]!.info.runId);
        expect(params).toMatchObject({ 'prompt.use': 'comma', 'losses.0.use': 'cross-entropy' });
        expect(info.status).toBe('FINISHED');
        for (const key of ['loss', 'other']) {
          const history = await all(own.runs.metricHistory(info.runId, key));
          const steps = history.map(({ step }) => step).sort((a, b) => a - b);
          expect(steps).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
        }
        const files = (await all(own.artifacts.files(info.artifactUri))).map(({ path }) => path);
        expect(files.sort()).toEqual(['config.yaml', 'environment.json']);
      }
    } finally {
      own.close();
      await endServer(server);
    }
  });

  it('keeps prompts as versions of a model, and gives them back', { timeout: 600_000 }, async () => {
    const name = `prompts-${Date.now()}`;
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await writeRunFolder(first, 0.5);
    await writeRunFolder(second, 0.75);
    expect(await registerPrompts(first, client, { name })).toMatchObject({ version: '1', uri: `models:/${name}/1` });
    const registered = await registerPrompts(second, client, { name, alias: 'champion', description: 'best so far' });
    expect(registered).toMatchObject({ version: '2', uri: `models:/${name}@champion`, existed: false });
    const again = await registerPrompts(second, client, { name, alias: 'champion' });
    expect(again).toMatchObject({ version: '2', runId: registered.runId, existed: true });

    const run: Run = await client.runs.get(registered.runId);
    expect(run.metrics).toMatchObject({ 'test/accuracy': 0.75, parameters: 2 });
    const version = await client.models.getVersion(name, '2');
    expect(version).toMatchObject({
      runId: registered.runId,
      description: 'best so far',
      tags: { 'test.accuracy': '0.75' },
    });

    const copy = join(folder, 'copy');
    await loadRegistered(`models:/${name}@champion`, copy, client);
    for (const file of ['prompts.safetensors', 'config.yaml']) {
      expect(readFileSync(join(copy, file)).equals(readFileSync(join(second, file)))).toBe(true);
    }
    await expect(loadRegistered(`models:/${name}@nobody`, join(folder, 'x'), client)).rejects.toThrow(/no such model/);
    await expect(loadRegistered(`models:/nothing-${name}/1`, join(folder, 'x'), client)).rejects.toThrow(
      /no such model/,
    );

    // MLflow's own client understands the model.
    const python = join(dirname(program!), 'python');
    const script = `import mlflow; print(mlflow.models.get_model_info("models:/${name}@champion").signature.to_dict())`;
    const env = { ...process.env, MLFLOW_TRACKING_URI: trackingUri };
    const signature = execFileSync(python, ['-c', script], { env, encoding: 'utf8' });
    expect(signature).toContain('"type": "binary"');
    expect(signature).toContain('"shape": [-1, 2]');

    await client.artifacts.upload(version.source, 'prompts.safetensors', 'changed');
    await expect(loadRegistered(`models:/${name}/2`, join(folder, 'x'), client)).rejects.toThrow(/as registered/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function startServer(port: number, data: string): ChildProcess {
  const stores = ['--backend-store-uri', `sqlite:///${data}.db`, '--artifacts-destination', `${data}-artifacts`];
  const words = ['server', ...stores, '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  return spawn(program!, words, { stdio: 'ignore', detached: true });
}

/** Kills the server and its children, which are a process group of their own. */
async function endServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  process.kill(-server.pid!, 'SIGKILL');
  await exit;
}

async function untilHealthy(uri: string): Promise<void> {
  await expect
    .poll(
      () =>
        fetch(`${uri}/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 300_000, interval: 300 },
    )
    .toBe(true);
}

async function untilDelivered(find: () => Promise<readonly Run[]>): Promise<void> {
  await expect.poll(async () => (await find().catch(() => [])).length, { timeout: 120_000, interval: 500 }).toBe(CELLS);
}
