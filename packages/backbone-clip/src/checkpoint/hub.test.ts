import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckpointError } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isHubId } from './hub.js';
import { loadClipCheckpoint } from './load-clip-checkpoint.js';

const sha = '0123456789abcdef0123456789abcdef01234567';
const files: Record<string, Buffer> = {
  'model.safetensors': readFileSync(
    fileURLToPath(new URL('../../fixtures/checkpoints/openai.safetensors', import.meta.url)),
  ),
  'pytorch_model.bin': Buffer.from('never asked for'),
  'tokenizer.json': Buffer.from('{}'),
  'preprocessor_config.json': Buffer.from('{"size":8,"crop_size":8,"image_mean":[0.5,0.5,0.5],"image_std":[1,1,1]}'),
};

let server: Server;
let hubUrl: string;
let cacheDir: string;
const asked: string[] = [];

/** As much of the hub as loading a model needs. */
beforeAll(async () => {
  vi.spyOn(console, 'debug').mockImplementation(() => undefined);
  cacheDir = await mkdtemp(join(tmpdir(), 'hub-cache-'));
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://hub');
    asked.push(pathname);
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (pathname === '/api/models/some/clip/revision/main') {
      const siblings = Object.keys(files).map((rfilename) => ({ rfilename }));
      return json(200, { _id: '1', id: 'some/clip', sha, siblings, lastModified: '2020-01-01T00:00:00Z' });
    }
    if (pathname === '/api/models/some/private/revision/main') return json(401, { error: 'Invalid credentials' });
    if (pathname === `/api/models/some/clip/paths-info/${sha}`) {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const { paths } = JSON.parse(body) as { paths: string[] };
        const info = (path: string): object => ({ type: 'file', path, oid: `oid-${path}`, size: files[path]!.length });
        json(200, paths.map(info));
      });
      return;
    }
    const file = files[pathname.replace(`/some/clip/resolve/${sha}/`, '')];
    if (!file) return json(404, { error: 'Repository not found' });
    const [, first, last] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
    const begin = Number(first ?? 0);
    const part = file.subarray(begin, first === undefined ? undefined : Number(last) + 1);
    response.writeHead(first === undefined ? 200 : 206, {
      etag: '"tag"',
      'content-length': part.length,
      'content-range': `bytes ${begin}-${begin + part.length - 1}/${file.length}`,
    });
    response.end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hubUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  vi.restoreAllMocks();
  server.close();
  await rm(cacheDir, { recursive: true });
});

const load = (id: string, hub = { hubUrl, cacheDir }): ReturnType<typeof loadClipCheckpoint> =>
  loadClipCheckpoint(id, { visionHeads: 3, textHeads: 2, hub });

describe('the hub', () => {
  it('knows an id from a path', () => {
    expect(['openai/clip-vit-base-patch16', 'a/b@v1.0', 'laion/CLIP-ViT-B-32'].every(isHubId)).toBe(true);
    expect(['icons', './a/b', '/a/b', 'a/b/c', '../b', 'a/..'].some(isHubId)).toBe(false);
  });

  it('downloads what a checkpoint needs, into the usual layout, once', async () => {
    const { tensors, tokenizerFiles, digest, source } = await load('some/clip');
    const snapshot = join(cacheDir, 'models--some--clip', 'snapshots', sha);
    expect(await readFile(join(snapshot, 'model.safetensors'))).toEqual(files['model.safetensors']);
    expect(await readFile(join(cacheDir, 'models--some--clip', 'refs', 'main'), 'utf8')).toBe(sha);
    expect(tokenizerFiles?.tokenizerJson).toBe(join(snapshot, 'tokenizer.json'));
    expect(tensors.get('logit_scale')?.data()[0]).toBe(2.5);
    expect(source).toBe('some/clip');
    expect(asked.filter((path) => path.includes('pytorch_model'))).toEqual([]);
    asked.length = 0;
    expect((await load('some/clip')).digest).toBe(digest);
    expect(asked.filter((path) => path.includes('resolve'))).toEqual([]);
  });

  it('loads from the cache when the hub cannot be reached', async () => {
    const { tensors, preprocessing } = await load('some/clip', { hubUrl: 'http://127.0.0.1:1', cacheDir });
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
    const error = await load('some/other', { hubUrl: 'http://127.0.0.1:1', cacheDir }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as CheckpointError).message).toMatch(/cannot be reached, and the cache has no copy/);
    expect((error as CheckpointError).remedy).toMatch(/"icons" needs no download/);
  });
});
