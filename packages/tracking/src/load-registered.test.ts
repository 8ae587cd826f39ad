import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { DamagedFileError } from '@promptweave/core/experiment';
import { FakeMlflow } from './fake-mlflow.test.support.js';
import { recordFinishedRun } from './finished-run.js';
import { loadRegistered } from './load-registered.js';
import { clientFor } from './recording.test.support.js';
import { registerPrompts, type RegisteredOnnx } from './register-prompts.js';
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

  it.each([
    ['result.json', '{}'],
    ['result.json', '[]'],
    ['result.json', 'nonsense'],
    ['result.json', '{"evaluations":{"test":{}},"training":{}}'],
    ['result.json', '{"format":1,"parameters":2,"evaluations":{}}'],
    ['config.yaml', '7'],
    ['config.yaml', ''],
  ])('is refused where its %s is %j, and nothing is left', async (name, text) => {
    await writeRunFolder(folder);
    writeFileSync(join(folder, name), text);
    const before = readdirSync(folder);
    const kind = name === 'result.json' ? DamagedFileError : TrackingError;
    await expect(recordFinishedRun(folder, 'photos')).rejects.toBeInstanceOf(kind);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('is delivered without a result where its prompts were imported', async () => {
    await writeRunFolder(folder);
    rmSync(join(folder, 'result.json'));
    await recordFinishedRun(folder, 'photos');
    await syncJournal(folder, clientFor(server.uri));
    expect(server.runs[0]).toMatchObject({ status: 'FINISHED', tags: { 'promptweave.backend': 'none' } });
  });

  it('is delivered and registered with all of its trainings', async () => {
    for (const stage of ['1-base', '2-novel']) await writeRunFolder(join(folder, stage));
    renameSync(join(folder, '2-novel/result.json'), join(folder, 'result.json'));
    const client = clientFor(server.uri);
    expect(await registerPrompts(folder, client, { name: 'flowers' })).toMatchObject({ version: '1', existed: false });
    expect(await registerPrompts(folder, client, { name: 'flowers' })).toMatchObject({ version: '1', existed: true });
    const { artifacts, params } = server.runs[0]!;
    const found = Object.keys(artifacts).find((path) => path.endsWith('/MLmodel'))!;
    expect(found).toMatch(/^model-[0-9a-f]{12}\/MLmodel$/);
    const place = found.split('/')[0]!;
    const files = ['1-base', '2-novel'].map((stage) => `${stage}/prompts.safetensors`);
    const model = ['1-base', '2-novel'].flatMap((stage) => [
      `${place}/${stage}/config.yaml`,
      `${place}/${stage}/prompts.safetensors`,
    ]);
    expect(Object.keys(artifacts)).toEqual(expect.arrayContaining([...files, ...model, found]));
    expect(artifacts[found]).toContain('data: 2-novel/prompts.safetensors');
    expect(artifacts[found]).toContain('"shape":[-1,4]'); // the classes of both
    expect(params).toHaveProperty('prompt.use', 'coop');
  });

  it('is not registered where it learned nothing', async () => {
    const registered = registerPrompts(folder, clientFor(server.uri), { name: 'flowers' });
    await expect(registered).rejects.toThrow(/prompts\.safetensors/);
    expect(server.requests).toEqual([]);
  });
});

describe('a registered version', () => {
  const client = () => clientFor(server.uri);
  const register = (name = 'flowers', alias?: string) =>
    registerPrompts(join(folder, 'run'), client(), { name, alias });
  const load = (to = 'new') => loadRegistered('models:/flowers/1', join(folder, to), client(), { onNote });
  let notes: string[];
  const onNote = (note: string) => notes.push(note);
  beforeEach(async () => {
    notes = [];
    await writeRunFolder(join(folder, 'run'));
    await register();
  });
  const fileOf = (ending: string): [Record<string, string>, string] => {
    const { artifacts } = server.runs[0]!;
    return [artifacts, Object.keys(artifacts).find((path) => path.startsWith('model-') && path.endsWith(ending))!];
  };

  it('comes back with the files that predict, and no others', async () => {
    await load();
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['config.yaml', 'prompts.safetensors']);
    expect(notes).toEqual([]);
  });

  it.each(['config.yaml', 'prompts.safetensors'])(
    'whose %s was changed afterwards is refused, and nothing is left',
    async (name) => {
      const [artifacts, path] = fileOf(name);
      artifacts[path] += 'plugins: [evil]\n';
      await expect(load()).rejects.toThrow(`${name} has the SHA-256`);
      expect(readdirSync(folder)).toEqual(['run']);
    },
  );

  it('of the time when prompts alone were noted comes back, and that is said', async () => {
    const [version] = server.versions as { tags: { key: string }[] }[];
    version!.tags.splice(
      version!.tags.findIndex(({ key }) => key === 'promptweave.files'),
      1,
    );
    await load();
    expect(notes).toEqual([expect.stringContaining('older promptweave')]);
    const [artifacts, path] = fileOf('prompts.safetensors');
    artifacts[path] = 'changed';
    await expect(load('other')).rejects.toThrow('prompts.safetensors has the SHA-256');
  });

  it.each([
    '{"../x": "00"}',
    '{"/etc/x": "00"}',
    '[]',
    '{}',
    'nonsense',
    '{"config.yaml": 3}',
    `{"../../evil": "${'0'.repeat(64)}"}`,
  ])('whose list of files says %s is none of ours', async (text) => {
    const [version] = server.versions as { tags: { key: string; value: string }[] }[];
    version!.tags.find(({ key }) => key === 'promptweave.files')!.value = text;
    await expect(load()).rejects.toThrow(/holds no prompts/);
    expect(readdirSync(folder)).toEqual(['run']);
  });

  it('is another one where the configuration is, and the first stays what it was', async () => {
    writeFileSync(join(folder, 'run/config.yaml'), 'prompt:\n  use: coop\nseed: 2\n');
    expect(await register()).toMatchObject({ version: '2', existed: false });
    await load();
    expect(readFileSync(join(folder, 'new/config.yaml'), 'utf8')).toContain('seed: 1');
  });

  it.each(['config.yaml', 'prompts.safetensors', 'result.json'])(
    'does not take a %s that is a link to somewhere else',
    async (name) => {
      await writeRunFolder(join(folder, 'foreign'));
      renameSync(join(folder, 'foreign', name), join(folder, 'secret'));
      symlinkSync('../secret', join(folder, 'foreign', name));
      server.requests.length = 0;
      const registered = registerPrompts(join(folder, 'foreign'), client(), { name: 'x' });
      await expect(registered).rejects.toThrow(/leads out of the folder/);
      expect(server.requests).toEqual([]);
    },
  );

  it('brings an ONNX file for MLflow itself where there is one, which makes another version of it, once', async () => {
    const make = vi.fn(() =>
      Promise.resolve({ content: Buffer.from('ONNX'), classNames: ['cat', 'dog'], precision: 'float16' as const }),
    );
    const withOnnx = (onnx: RegisteredOnnx) =>
      registerPrompts(join(folder, 'run'), client(), { name: 'flowers', onnx });
    expect(await withOnnx({ precision: 'float16', make })).toMatchObject({
      version: '2',
      existed: false,
      onnx: 'float16',
    });
    expect(await withOnnx({ precision: 'float16', make })).toMatchObject({
      version: '2',
      existed: true,
      onnx: 'float16',
    });
    expect(make).toHaveBeenCalledTimes(1);
    const impossible = { precision: 'float32' as const, make: () => Promise.resolve(undefined) };
    expect(await withOnnx(impossible)).toMatchObject({ version: '1', existed: true, onnx: 'none' });

    const [artifacts, path] = fileOf('model.onnx');
    expect(artifacts[path]).toBe('ONNX');
    const place = path.replace('model.onnx', '');
    expect(artifacts[`${place}requirements.txt`]).toContain('onnxruntime>=');
    const { flavors, signature } = parse(artifacts[`${place}MLmodel`]!) as Record<string, Record<string, object>>;
    expect(flavors!['python_function']).toMatchObject({ loader_module: 'mlflow.onnx', data: 'model.onnx' });
    expect(JSON.parse(String(signature!['inputs']))).toEqual([
      { name: 'image', type: 'tensor', required: true, 'tensor-spec': { dtype: 'uint8', shape: [-1, -1, -1, 3] } },
    ]);
    await loadRegistered('models:/flowers/2', join(folder, 'new'), client());
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['config.yaml', 'prompts.safetensors']);
  });

  it.each([
    ['a/b'],
    ['a:b'],
    ['a@b'],
    [''],
    ['..'],
    ['x'.repeat(251)],
    ['m', 'v1'],
    ['m', 'latest'],
    ['m', 'a b'],
    ['m', '1'],
  ])('cannot be called %s %s, which is said before anything is sent', async (name, alias?: string) => {
    server.requests.length = 0;
    await expect(register(name, alias)).rejects.toThrow(/cannot be/);
    expect(server.requests).toEqual([]);
  });
});
