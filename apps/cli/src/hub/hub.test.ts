import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRun, train } from '../index.js';
import { folder, useShapes } from '../testing/shapes.test.support.js';
import { hubAccess } from './hub-access.js';
import { wilson } from './model-card.js';
import { publishRun } from './publish-run.js';

// Threads run what is built, and this file runs on the sources: with one core there are none.
vi.mock('node:os', async (original) => ({ ...(await original<object>()), availableParallelism: () => 1 }));
useShapes();

const sha = '0123456789abcdef0123456789abcdef01234567';
const stored = new Map<string, Buffer>();
const asked: string[] = [];
let server: Server;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** As much of the hub as a repository of a user needs. */
beforeAll(async () => {
  server = createServer((request, response) => {
    void (async () => {
      const { pathname } = new URL(request.url!, 'http://hub');
      asked.push(`${request.method} ${pathname}`);
      const body = await bodyOf(request);
      const json = (status: number, value: unknown): void =>
        void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      const isWrite = request.method === 'POST' && !pathname.includes('paths-info');
      if (isWrite && request.headers.authorization !== 'Bearer hf_secret') return json(401, { error: 'Invalid token' });
      if (pathname === '/api/repos/create') {
        return stored.size > 0 ? json(409, { error: 'You already created this model repo' }) : json(200, { url: 'x' });
      }
      if (pathname.endsWith('/preupload/main')) {
        const { files } = JSON.parse(body) as { files: { path: string }[] };
        return json(200, { files: files.map(({ path }) => ({ path, uploadMode: 'regular' })) });
      }
      if (pathname.endsWith('/commit/main')) {
        for (const line of body.split('\n').filter(Boolean)) {
          const { key, value } = JSON.parse(line) as { key: string; value: { path: string; content: string } };
          if (key === 'file') stored.set(value.path, Buffer.from(value.content, 'base64'));
        }
        return json(200, { commitUrl: 'x', commitOid: sha });
      }
      if (/^\/api\/models\/me\/shapes\/(revision|resolve)/.test(pathname) || pathname === '/api/models/me/shapes') {
        return json(200, { _id: '1', id: 'me/shapes', sha, lastModified: '2020-01-01T00:00:00Z', siblings: [] });
      }
      if (pathname.endsWith(`/paths-info/${sha}`)) {
        const { paths } = JSON.parse(body) as { paths: string[] };
        const found = paths.filter((path) => stored.has(path));
        return json(
          200,
          found.map((path) => ({ type: 'file', path, oid: `oid-${path}`, size: stored.get(path)!.length })),
        );
      }
      const file = stored.get(pathname.split(`/resolve/${sha}/`)[1] ?? '');
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
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  vi.spyOn(console, 'debug').mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
  server.close();
});

function useHub(token?: string): void {
  vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('HF_HOME', join(folder, 'hf'));
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'hf/hub'));
  vi.stubEnv('HF_TOKEN', token ?? '');
}

it('a run goes to the hub with its card, and is used from there', { timeout: 240_000 }, async () => {
  const run = join(folder, 'run');
  await train(join(folder, 'shapes.yaml'), { folder: run, overrides: ['labels=lamm'], zeroShot: false });
  useHub();
  const request = { to: 'me/shapes', license: 'cc-by-4.0' };
  await expect(publishRun(run, request)).rejects.toThrow(/Nobody is logged in/);
  useHub('hf_wrong');
  await expect(publishRun(run, request)).rejects.toThrow(/does not let this be uploaded: 401/);
  useHub('hf_secret');
  const { files, url } = await publishRun(run, request);
  expect(url).toMatch(/\/me\/shapes$/);
  expect([...stored.keys()].sort()).toEqual([...files].sort());
  expect(stored.get('prompts.safetensors')).toEqual(readFileSync(join(run, 'prompts.safetensors')));
  const card = stored.get('README.md')!.toString();
  expect(card).toMatch(/^---\nlicense: cc-by-4\.0\nlibrary_name: promptweave\n/);
  expect(card).toContain('3: circle, square, triangle');
  expect(card).toMatch(/\| test \| \d+\.\d \| \d+\.\d to \d+\.\d \| 6 \|/);
  expect(card).toContain('--run hf:me/shapes');
  await publishRun(run, request); // the repository is there already

  useHub();
  const image = join(folder, 'shapes/circle/3.png');
  const [here, there] = await Promise.all([openRun(run), openRun('hf:me/shapes')]);
  expect(await there.predict(image)).toEqual(await here.predict(image));
  await Promise.all([here.close(), there.close()]);
  await expect(openRun('hf:me/none')).rejects.toThrow(/does not let it be read: 404/);
  await expect(openRun('hf:none')).rejects.toThrow(/no name on the Hugging Face hub/);
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9');
  await expect(openRun('hf:me/other')).rejects.toThrow(/cannot be reached/);

  const secret = join(folder, 'secret');
  mkdirSync(secret);
  copyFileSync(join(run, 'prompts.safetensors'), join(secret, 'prompts.safetensors'));
  writeFileSync(join(secret, 'config.yaml'), 'tracker: { use: mlflow, uri: "https://me:pass@host" }\n');
  useHub('hf_secret');
  await expect(publishRun(secret, request)).rejects.toThrow(/user or password/);
});

describe('access to the hub', () => {
  it('has the token of the environment, or of the file that a login writes', () => {
    const home = join(folder, 'login');
    mkdirSync(home);
    writeFileSync(join(home, 'token'), 'hf_file\n');
    expect(hubAccess({ HF_HOME: home })).toEqual({ accessToken: 'hf_file' });
    expect(hubAccess({ HF_HOME: home, HF_TOKEN: 'hf_own' })).toEqual({ accessToken: 'hf_own' });
    expect(hubAccess({ HF_TOKEN_PATH: join(home, 'none'), HF_ENDPOINT: 'http://hub' })).toEqual({
      hubUrl: 'http://hub',
    });
    rmSync(home, { recursive: true });
  });
});

it("Wilson's interval is that of statsmodels", () => {
  // proportion_confint(8, 10, method='wilson'), (0, 5) and (20, 20)
  expect(wilson(0.8, 10).map((value) => value.toFixed(4))).toEqual(['0.4902', '0.9433']);
  expect(wilson(0, 5).map((value) => value.toFixed(4))).toEqual(['0.0000', '0.4345']);
  expect(wilson(1, 20).map((value) => value.toFixed(4))).toEqual(['0.8389', '1.0000']);
});
