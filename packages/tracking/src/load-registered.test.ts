import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMlflow } from './fake-mlflow.test.support.js';
import { recordFinishedRun } from './finished-run.js';
import { loadRegistered } from './load-registered.js';
import { clientFor } from './recording.test.support.js';
import { registerPrompts } from './register-prompts.js';
import { writeRunFolder } from './run-folder.test.support.js';
import { syncJournal } from './sync-journal.js';
import { TrackingError } from './tracking-error.js';

let folder: string;
let server: FakeMlflow;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'registered-'));
  server = await new FakeMlflow().start();
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

describe('a model that cannot be had', () => {
  it.each(['models:/flowers', 'models:/flowers@', 'models:/flowers/latest', 'models:/a/b/1', 'flowers@best'])(
    'is one whose address is wrong: %s',
    async (uri) => {
      const loaded = loadRegistered(uri, join(folder, 'new'), clientFor(server.uri));
      await expect(loaded).rejects.toThrow(/names no version/);
      expect(server.requests).toEqual([]);
    },
  );

  it('overwrites nothing', async () => {
    await expect(loadRegistered('models:/flowers@best', folder, clientFor(server.uri))).rejects.toThrow(/already/);
  });

  it('is one of a server that does not answer', async () => {
    await server.stop();
    const loaded = loadRegistered('models:/flowers@best', join(folder, 'new'), clientFor(server.uri));
    await expect(loaded).rejects.toBeInstanceOf(TrackingError);
    await server.start();
  });
});

describe('a run that was not recorded while it went on', () => {
  it('is delivered with what it has to show', async () => {
    await writeRunFolder(folder);
    await recordFinishedRun(folder, 'photos');
    const before = readFileSync(join(folder, 'journal.jsonl'), 'utf8');
    await recordFinishedRun(folder, 'photos');
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toBe(before);
    await syncJournal(folder, clientFor(server.uri));
    const [run] = server.runs;
    expect(run!.status).toBe('FINISHED');
    expect(run!.params).toEqual({ 'prompt.use': 'coop', seed: '1' });
    expect(run!.tags).toMatchObject({ 'mlflow.source.git.commit': 'abc', 'promptweave.dataset': 'd1' });
    expect(run!.metrics.find(({ key }) => key === 'test/accuracy')).toMatchObject({ value: 0.75, step: 6 });
    expect(run!.artifacts['confusion/test.csv']).toBe('actual \\ predicted,"cat","dog"\n"cat",1,1\n"dog",1,1\n');
    expect(Object.keys(run!.artifacts)).toContain('prompts.safetensors');
  });

  it('is delivered and registered with all of its trainings', async () => {
    for (const stage of ['1-base', '2-novel']) await writeRunFolder(join(folder, stage));
    renameSync(join(folder, '2-novel/result.json'), join(folder, 'result.json'));
    const client = clientFor(server.uri);
    expect(await registerPrompts(folder, client, { name: 'flowers' })).toMatchObject({ version: '1', existed: false });
    expect(await registerPrompts(folder, client, { name: 'flowers' })).toMatchObject({ version: '1', existed: true });
    const { artifacts, params } = server.runs[0]!;
    const files = ['1-base', '2-novel'].map((stage) => `${stage}/prompts.safetensors`);
    const model = ['1-base', '2-novel'].flatMap((stage) => [
      `model/${stage}/config.yaml`,
      `model/${stage}/prompts.safetensors`,
    ]);
    expect(Object.keys(artifacts)).toEqual(expect.arrayContaining([...files, ...model, 'model/MLmodel']));
    expect(artifacts['model/MLmodel']).toContain('data: 2-novel/prompts.safetensors');
    expect(artifacts['model/MLmodel']).toContain('"shape":[-1,4]'); // the classes of both
    expect(params).toHaveProperty('prompt.use', 'coop');
  });

  it('is not registered where it learned nothing', async () => {
    const registered = registerPrompts(folder, clientFor(server.uri), { name: 'flowers' });
    await expect(registered).rejects.toThrow(/prompts\.safetensors/);
    expect(server.requests).toEqual([]);
  });
});
