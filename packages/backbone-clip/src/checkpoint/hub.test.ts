import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckpointError } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { COMMIT, FakeHub } from './fake-hub.test.support.js';
import { isHubId } from './hub.js';
import { loadClipCheckpoint } from './load-clip-checkpoint.js';

const files: Record<string, Buffer> = {
  'model.safetensors': readFileSync(
    fileURLToPath(new URL('../../fixtures/checkpoints/openai.safetensors', import.meta.url)),
  ),
  'pytorch_model.bin': Buffer.from('never asked for'),
  'tokenizer.json': Buffer.from('{}'),
  'preprocessor_config.json': Buffer.from('{"size":8,"crop_size":8,"image_mean":[0.5,0.5,0.5],"image_std":[1,1,1]}'),
};

const hub = new FakeHub();
let cacheDir: string;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'hub-cache-'));
  hub.repositories.set('some/clip', new Map(Object.entries(files)));
  hub.closed.add('some/private');
  await hub.start();
});
afterAll(async () => {
  hub.stop();
  await rm(cacheDir, { recursive: true });
});

const load = (id: string, { hubUrl } = { hubUrl: hub.url }): ReturnType<typeof loadClipCheckpoint> =>
  loadClipCheckpoint(id, { visionHeads: 3, textHeads: 2, hub: { hubUrl, cacheDir } });

describe('the hub', () => {
  it('prints nothing of the download', async () => {
    const debug = vi.spyOn(console, 'debug');
    await load('some/clip');
    expect(debug).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    await rm(cacheDir, { recursive: true });
    hub.asked.length = 0;
  });

  it('knows an id from a path', () => {
    expect(['openai/clip-vit-base-patch16', 'a/b@v1.0', 'laion/CLIP-ViT-B-32'].every(isHubId)).toBe(true);
    expect(['icons', './a/b', '/a/b', 'a/b/c', '../b', 'a/..'].some(isHubId)).toBe(false);
  });

  it('downloads what a checkpoint needs, into the usual layout, once', async () => {
    const { tensors, tokenizerFiles, digest, source } = await load('some/clip');
    const snapshot = join(cacheDir, 'models--some--clip', 'snapshots', COMMIT);
    expect(await readFile(join(snapshot, 'model.safetensors'))).toEqual(files['model.safetensors']);
    expect(await readFile(join(cacheDir, 'models--some--clip', 'refs', 'main'), 'utf8')).toBe(COMMIT);
    expect(tokenizerFiles?.tokenizerJson).toBe(join(snapshot, 'tokenizer.json'));
    expect(tensors.get('logit_scale')?.data()[0]).toBe(2.5);
    expect(source).toBe('some/clip');
    expect(hub.asked.filter((path) => path.includes('pytorch_model'))).toEqual([]);
    hub.asked.length = 0;
    expect((await load('some/clip')).digest).toBe(digest);
    expect(hub.asked.filter((path) => path.includes('resolve'))).toEqual([]);
  });

  it('loads from the cache when the hub cannot be reached', async () => {
    const { tensors, preprocessing } = await load('some/clip', { hubUrl: 'http://127.0.0.1:1' });
    expect(tensors.size).toBe(50);
    expect(preprocessing).toMatchObject({ mean: [0.5, 0.5, 0.5], std: [1, 1, 1] });
  });

  it.each([
    ['some/none', /Repository not found/, /Check the name/],
    ['some/private', /Invalid credentials/, /HF_TOKEN/],
  ])('says why it does not get %s', async (id, message, remedy) => {
    const error = await load(id).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).message).toMatch(message);
    expect((error as CheckpointError).remedy).toMatch(remedy);
  });

  it('says what to do offline', async () => {
    const error = await load('some/other', { hubUrl: 'http://127.0.0.1:1' }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).message).toMatch(/cannot be reached, and the cache has no copy/);
    expect((error as CheckpointError).remedy).toMatch(/"icons" needs no download/);
  });
});
