import { DatasetError, type ImageItem } from '@promptweave/core';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import type { Model } from '../index.js';
import { createServer, type ServerOptions } from './server.js';

const classes = ['7', '8', '9'];

/** A model that tells the first byte of an image, and can be held up. */
function modelOf(hold: () => Promise<void> = () => Promise.resolve()): Model {
  const examine = async function* (items: readonly ImageItem[]) {
    for (const item of items) {
      await hold();
      const [byte] = await item.load();
      if (byte === 0) yield { item, error: new DatasetError(`The image cannot be read: ${item.id}.`) };
      else yield { item, logits: Float32Array.from(classes, (name) => (name === String(byte) ? 100 : 0)) };
    }
  };
  return { classes, examine } as unknown as Model;
}

const apps: FastifyInstance[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

async function service(options: Partial<ServerOptions> = {}, model = modelOf()): Promise<FastifyInstance> {
  const usual = { name: 'photos', queue: 2, maxBytes: 1000, maxImages: 3, timeout: 1000 };
  const app = await createServer(model, { ...usual, ...options });
  apps.push(app);
  return app;
}

const jpeg = { 'content-type': 'image/jpeg' };
const post = { method: 'POST', url: '/predict?top=1' } as const;

it('answers bytes, JSON and multipart, each image by itself', async () => {
  const app = await service();
  const one = await app.inject({ ...post, headers: jpeg, payload: Buffer.from([7]) });
  expect(one.json()).toEqual({ images: [{ answers: [{ label: '7', probability: 1 }] }] });
  const images = [Buffer.from([8]).toString('base64'), `data:image/png;base64,${Buffer.from([0]).toString('base64')}`];
  const several = await app.inject({ ...post, payload: { images, top: 1 } });
  expect(several.json()).toEqual({
    images: [{ answers: [{ label: '8', probability: 1 }] }, { error: 'The image cannot be read: image 2.' }],
  });
  const payload = '--x\r\nContent-Disposition: form-data; name="a"; filename="b.png"\r\n\r\n\x09\r\n--x--\r\n';
  const parts = await app.inject({ ...post, headers: { 'content-type': 'multipart/form-data; boundary=x' }, payload });
  expect(parts.json()).toEqual({ images: [{ name: 'b.png', answers: [{ label: '9', probability: 1 }] }] });
});

it.each([
  ['no image of the request can be read', 422, { headers: jpeg, payload: Buffer.from([0]) }],
  ['too many bytes', 413, { headers: jpeg, payload: Buffer.alloc(1001, 1) }],
  ['too many images', 413, { payload: { images: ['AA', 'AA', 'AA', 'AA'] } }],
  ['no image', 400, { payload: { images: [] } }],
  ['no base64', 400, { payload: { images: ['%'] } }],
  ['an unknown option', 400, { payload: { images: ['AQ=='], best: 1 } }],
  ['another type', 415, { headers: { 'content-type': 'text/plain' }, payload: 'x' }],
  ['parts that do not end', 400, { headers: { 'content-type': 'multipart/form-data; boundary=x' }, payload: '--x' }],
] as const)('says so: %s', async (_, status, request) => {
  const answer = await (await service()).inject({ ...post, ...request } as never);
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toEqual({ error: expect.any(String) });
});

it('turns away who comes when too many wait, and those whose turn comes too late', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const app = await service(
    { timeout: 500 },
    modelOf(() => held),
  );
  const ask = () => Promise.resolve(app.inject({ ...post, headers: jpeg, payload: Buffer.from([1]) })); // begins now
  const asked = await Promise.all(Array.from({ length: 5 }, ask));
  expect(asked.map(({ statusCode, headers }) => [statusCode, headers['retry-after']])).toEqual([
    ...Array(3).fill([503, undefined]),
    ...Array(2).fill([429, '1']),
  ]);
  release();
  expect((await ask()).statusCode).toBe(200);
});

it('answers those who know the token', async () => {
  const app = await service({ token: 'secret' });
  const ask = (authorization?: string) =>
    app.inject({ ...post, headers: { ...jpeg, ...(authorization && { authorization }) }, payload: Buffer.from([1]) });
  const codes = [await ask(), await ask('Bearer wrong'), await ask('secret'), await ask('Bearer secret')];
  expect(codes.map(({ statusCode }) => statusCode)).toEqual([401, 401, 401, 200]);
});

it('tells how it is and what it takes, and has a page without anything from elsewhere', async () => {
  const app = await service({ name: '<photos>' });
  expect((await app.inject('/healthz')).json()).toEqual({
    ...{ status: 'ok', model: '<photos>', classes, waiting: 0 },
  });
  const { openapi, paths } = (await app.inject('/openapi.json')).json();
  expect(openapi).toBe('3.1.0');
  expect(Object.keys(paths['/predict'].post.requestBody.content)).toContain('application/json');
  expect(Object.keys(paths['/predict'].post.responses)).toEqual([
    '200',
    '400',
    '401',
    '413',
    '415',
    '422',
    '429',
    '503',
  ]);
  const page = await app.inject('/');
  expect(page.body).toContain('&#60;photos&#62;');
  expect(page.body).not.toMatch(/https?:/);
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  expect((await app.inject('/nothing')).statusCode).toBe(404);
});
