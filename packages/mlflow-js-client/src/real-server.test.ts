import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MlflowClient } from './client.js';
import { hasCode } from './errors.js';

const trackingUri = process.env.MLFLOW_TEST_URI;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const caught = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Needs a server: `node scripts/with-server.mjs npx vitest run --project mlflow-js-client`. */
describe.runIf(trackingUri)('a real server', () => {
  let client: MlflowClient;
  let experimentId: string;
  let folder: string;
  const unique = randomUUID().slice(0, 8);

  beforeAll(async () => {
    client = new MlflowClient({ trackingUri: trackingUri! });
    ({ experimentId } = await client.experiments.ensure(`client ${unique}`));
    folder = mkdtempSync(join(tmpdir(), 'mlflow-real-'));
  });
  afterAll(() => {
    client.close();
    rmSync(folder, { recursive: true });
  });
  const newRun = async (name = 'run') => (await client.runs.create({ experimentId, runName: name })).info;

  it('keeps experiments', async () => {
    const name = `other ${unique}`;
    const id = await client.experiments.create(name, { tags: { team: 'a' } });
    expect(hasCode(await caught(client.experiments.create(name)), 'RESOURCE_ALREADY_EXISTS')).toBe(true);
    expect((await client.experiments.ensure(name)).experimentId).toBe(id);
    await client.experiments.setTag(id, 'owner', 'b');
    await client.experiments.rename(id, `${name}!`);
    expect(await client.experiments.getByName(`${name}!`)).toMatchObject({ tags: { team: 'a', owner: 'b' } });
    const search = () => all(client.experiments.search({ filter: `name LIKE '%${unique}%'`, pageSize: 1 }));
    expect((await search()).map((found) => found.name).sort()).toEqual([`client ${unique}`, `${name}!`]);
    await client.experiments.delete(id);
    expect(await search()).toHaveLength(1);
    await client.experiments.restore(id);
    expect(await search()).toHaveLength(2);
    expect(hasCode(await caught(client.experiments.get('999999')), 'RESOURCE_DOES_NOT_EXIST')).toBe(true);
  });

  it('creates an experiment once, however many ask for it', async () => {
    const name = `together ${unique}`;
    const made = await Promise.all(Array.from({ length: 8 }, () => client.experiments.ensure(name)));
    expect(new Set(made.map((found) => found.experimentId)).size).toBe(1);
  });

  it('keeps runs in runs', async () => {
    const parent = await newRun('parent');
    const child = await client.runs.create({ experimentId, parentRunId: parent.runId, tags: { cell: '1' } });
    const filter = `tags.\`mlflow.parentRunId\` = '${parent.runId}'`;
    const found = await all(client.runs.search({ experimentIds: [experimentId], filter }));
    expect(found.map(({ info }) => info.runId)).toEqual([child.info.runId]);
    await client.runs.end(child.info.runId, 'FAILED');
    expect((await client.runs.get(child.info.runId)).info).toMatchObject({ status: 'FAILED' });
    await client.runs.delete(child.info.runId);
    expect(await all(client.runs.search({ experimentIds: [experimentId], filter }))).toEqual([]);
    expect((await client.runs.get(child.info.runId)).info.lifecycleStage).toBe('deleted');
    await client.runs.restore(child.info.runId);
    await client.runs.update(child.info.runId, { runName: 'renamed' });
    await client.runs.deleteTag(child.info.runId, 'cell');
    expect((await client.runs.get(child.info.runId)).tags).not.toHaveProperty('cell');
    expect(hasCode(await caught(client.runs.get('0'.repeat(32))), 'RESOURCE_DOES_NOT_EXIST')).toBe(true);
  });

  it('pages through runs', async () => {
    const tag = randomUUID();
    for (let i = 0; i < 5; i++) await client.runs.create({ experimentId, tags: { page: tag } });
    const search = { experimentIds: [experimentId], filter: `tags.page = '${tag}'`, pageSize: 2 };
    const found = await all(client.runs.search(search));
    expect(new Set(found.map(({ info }) => info.runId)).size).toBe(5);
  });

  it('takes more metrics, params and tags than fit one call', async () => {
    const { runId } = await newRun();
    const metrics = Array.from({ length: 2500 }, (_, i) => ({
      key: 'loss',
      value: i / 3,
      step: i,
      timestamp: 1e12 + i,
    }));
    const params = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`p.${i}`, `${i}`]));
    const tags = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`t.${i}`, `${i} é`]));
    await client.runs.logBatch(runId, { metrics, params, tags });
    expect(await all(client.runs.metricHistory(runId, 'loss'))).toEqual(metrics);
    const run = await client.runs.get(runId);
    expect(run.params).toEqual(params);
    expect(run.tags).toMatchObject(tags);
    expect(run.metrics['loss']).toBeCloseTo(2499 / 3);
  });

  it('takes NaN and the infinities', async () => {
    const { runId } = await newRun();
    const metrics = [NaN, Infinity, -Infinity].map((value, step) => ({ key: 'x', value, step, timestamp: 1e12 }));
    await client.runs.logBatch(runId, { metrics });
    const history = await all(client.runs.metricHistory(runId, 'x'));
    const values = history.sort((a, b) => a.step - b.step).map(({ value }) => value);
    expect(values[0]).toBeNaN();
    // A server on a database keeps the largest finite numbers for the infinities.
    expect(values[1]).toBeGreaterThanOrEqual(Number.MAX_VALUE);
    expect(values[2]).toBeLessThanOrEqual(-Number.MAX_VALUE);
  });

  it('refuses another value of a param', async () => {
    const { runId } = await newRun();
    await client.runs.logParam(runId, 'depth', '9');
    await client.runs.logParam(runId, 'depth', '9');
    expect(hasCode(await caught(client.runs.logParam(runId, 'depth', '8')), 'INVALID_PARAMETER_VALUE')).toBe(true);
  });

  it('keeps artifacts of any size', async () => {
    const { artifactUri } = await newRun();
    const file = join(folder, 'big.bin');
    writeFileSync(file, Buffer.alloc(20 << 20, 'promptweave'));
    await client.artifacts.uploadFile(artifactUri, 'deep/er/big.bin', file);
    await client.artifacts.upload(artifactUri, 'deep/ä b.txt', 'content');
    expect(await client.artifacts.list(artifactUri)).toEqual([{ path: 'deep', isFolder: true }]);
    const files = (await all(client.artifacts.files(artifactUri))).map(({ path, size }) => [path, size]);
    expect(new Map(files as [string, number][])).toEqual(
      new Map([
        ['deep/er/big.bin', 20 << 20],
        ['deep/ä b.txt', 7],
      ]),
    );
    await client.artifacts.downloadAll(artifactUri, join(folder, 'copy'));
    expect(readFileSync(join(folder, 'copy/deep/er/big.bin')).equals(readFileSync(file))).toBe(true);
    expect(readFileSync(join(folder, 'copy/deep/ä b.txt'), 'utf8')).toBe('content');
    await client.artifacts.delete(artifactUri, 'deep/er/big.bin');
    expect(await all(client.artifacts.files(artifactUri))).toHaveLength(1);
    expect(await client.artifacts.list(artifactUri, 'nothing')).toEqual([]);
    const missing = await caught(client.artifacts.download(artifactUri, 'deep/er/big.bin'));
    expect(hasCode(missing, 'RESOURCE_DOES_NOT_EXIST', 'NOT_FOUND', 'INTERNAL_ERROR')).toBe(true); // the last: MLflow 2
  });

  it('keeps models, versions and aliases', async () => {
    const name = `flowers-${unique}`;
    const { runId, artifactUri } = await newRun();
    await client.artifacts.upload(artifactUri, 'model/weights.bin', 'weights');
    await client.models.create(name, { description: 'd', tags: { a: '1' } });
    expect(hasCode(await caught(client.models.create(name)), 'RESOURCE_ALREADY_EXISTS')).toBe(true);
    const source = `${artifactUri}/model`;
    const first = await client.models.createVersion({ name, source, runId, tags: { metric: '0.9' } });
    const second = await client.models.createVersion({ name, source, runId, description: 'better' });
    expect([first.version, second.version]).toEqual(['1', '2']);
    expect(await client.models.getVersion(name, '1')).toMatchObject({
      runId,
      tags: { metric: '0.9' },
      status: 'READY',
    });
    await client.models.setAlias(name, 'best', '1');
    await client.models.setAlias(name, 'best', '2');
    expect((await client.models.getByAlias(name, 'best')).version).toBe('2');
    expect((await client.models.get(name)).aliases).toEqual({ best: '2' });
    await client.models.setTag(name, 'b', '2');
    await client.models.setVersionTag(name, '1', 'note', 'x');
    await client.models.updateVersion(name, '1', 'changed');
    await client.models.update(name, 'new');
    expect(await client.models.get(name)).toMatchObject({ description: 'new', tags: { a: '1', b: '2' } });
    const versions = await all(client.models.searchVersions({ filter: `name = '${name}'`, pageSize: 1 }));
    expect(versions.map(({ version }) => version).sort()).toEqual(['1', '2']);
    const place = await client.models.downloadUri(name, '1');
    expect(String(await client.artifacts.download(place, 'weights.bin'))).toBe('weights');
    await client.models.deleteAlias(name, 'best');
    expect(await caught(client.models.getByAlias(name, 'best'))).toBeInstanceOf(Error);
    await client.models.deleteVersion(name, '2');
    await client.models.rename(name, `${name}-2`);
    const models = await all(client.models.search({ filter: `name LIKE '${name}%'` }));
    expect(models.map((model) => model.name)).toEqual([`${name}-2`]);
    await client.models.delete(`${name}-2`);
    expect(hasCode(await caught(client.models.get(`${name}-2`)), 'RESOURCE_DOES_NOT_EXIST')).toBe(true);
  });
});
