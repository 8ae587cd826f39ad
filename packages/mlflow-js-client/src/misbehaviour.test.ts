import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MlflowClient } from './client.js';
import { MlflowApiError, MlflowConnectionError, MlflowProtocolError, MlflowTimeoutError, hasCode } from './errors.js';
import { hang, json, page, reset, ScriptedServer, truncated, type Reply } from './server.test.support.js';
import type { MlflowSettings } from './settings.js';

const found = json({ experiment: { experiment_id: '7', name: 'flowers', lifecycle_stage: 'active' } });
const refused = (code: string, status: number, headers?: Record<string, string>) =>
  json({ error_code: code, message: 'because' }, status, headers);

let server: ScriptedServer;
beforeEach(async () => {
  server = await ScriptedServer.start(json({}));
});
afterEach(() => server.stop());

function clientOf(replies: readonly Reply[], settings: Partial<MlflowSettings> = {}): MlflowClient {
  server.script(...replies);
  return new MlflowClient({ trackingUri: server.uri, retrySeconds: 0.01, timeoutSeconds: 0.3, ...settings });
}

describe('a call that may be repeated', () => {
  it.each<[string, Reply]>([
    ['429', refused('REQUEST_LIMIT_EXCEEDED', 429)],
    ['500', refused('INTERNAL_ERROR', 500)],
    ['502 as a web page', page('<h1>Bad gateway</h1>', 502)],
    ['503', refused('TEMPORARILY_UNAVAILABLE', 503)],
    ['a connection that breaks before the answer', reset],
    ['a connection that breaks within the answer', truncated],
    ['silence', hang],
  ])('is repeated after %s', async (_name, failure) => {
    const client = clientOf([failure, failure, found]);
    expect((await client.experiments.get('7')).name).toBe('flowers');
    expect(server.received).toHaveLength(3);
  });

  it('is given up after the number of repetitions', async () => {
    const client = clientOf([refused('INTERNAL_ERROR', 500)], { retries: 2 });
    const error = await client.experiments.get('7').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MlflowApiError);
    expect(error).toMatchObject({
      code: 'INTERNAL_ERROR',
      status: 500,
      request: 'GET /api/2.0/mlflow/experiments/get',
    });
    expect(server.received).toHaveLength(3);
  });

  it('waits as long as the server asks', async () => {
    const client = clientOf([refused('REQUEST_LIMIT_EXCEEDED', 429, { 'Retry-After': '1' }), found]);
    const begun = performance.now();
    await client.experiments.get('7');
    expect(performance.now() - begun).toBeGreaterThan(950);
  });

  it('sends an upload from its beginning again', async () => {
    const client = clientOf([refused('INTERNAL_ERROR', 500), json({})]);
    await client.artifacts.upload('mlflow-artifacts:/7/run/artifacts', 'notes/a b.txt', 'content');
    expect(server.received.map(({ method, url, body }) => [method, url, body])).toEqual(
      Array(2).fill(['PUT', '/api/2.0/mlflow-artifacts/artifacts/7/run/artifacts/notes/a%20b.txt', 'content']),
    );
  });

  it('reads a download from its beginning again', async () => {
    const client = clientOf([truncated, (response) => response.end('whole')]);
    expect(String(await client.artifacts.download('mlflow-artifacts:/7', 'a.txt'))).toBe('whole');
  });
});

describe('a call that appends', () => {
  const log = (client: MlflowClient) => client.runs.logMetric('r', { key: 'loss', value: 1, step: 1, timestamp: 1 });

  it.each<[string, Reply, unknown]>([
    ['500', refused('INTERNAL_ERROR', 500), MlflowApiError],
    ['a broken connection', reset, MlflowConnectionError],
    ['a broken answer', truncated, MlflowConnectionError],
    ['silence', hang, MlflowTimeoutError],
  ])('is not repeated after %s, for the server may have acted', async (_name, failure, type) => {
    const client = clientOf([failure, json({})]);
    await expect(log(client)).rejects.toBeInstanceOf(type);
    expect(server.received).toHaveLength(1);
  });

  it('is repeated where the server said that it did not act', async () => {
    const client = clientOf([refused('REQUEST_LIMIT_EXCEEDED', 429), page('later', 503), json({})]);
    await log(client);
    expect(server.received).toHaveLength(3);
  });

  it('is repeated where nobody listened', async () => {
    const client = clientOf([json({})], { retries: 1 });
    const { uri } = server;
    await server.stop();
    const unreachable = await log(client).catch((caught: unknown) => caught);
    expect(unreachable).toBeInstanceOf(MlflowConnectionError);
    expect(unreachable).toMatchObject({ unsent: true, message: expect.stringContaining(uri) as string });
  });
});

describe('a refusal', () => {
  it("carries MLflow's code and is not repeated", async () => {
    const client = clientOf([refused('RESOURCE_DOES_NOT_EXIST', 404)]);
    const error = await client.experiments.get('7').catch((caught: unknown) => caught);
    expect(hasCode(error, 'RESOURCE_DOES_NOT_EXIST')).toBe(true);
    expect(hasCode(error, 'PERMISSION_DENIED')).toBe(false);
    expect(server.received).toHaveLength(1);
  });

  it('has the code of its status where the body names none', async () => {
    const client = clientOf([page('<h1>Log in</h1>', 401)]);
    await expect(client.experiments.get('7')).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
  });

  it('keeps a code that this version does not know in its message', async () => {
    const client = clientOf([refused('MOON_PHASE', 400)]);
    await expect(client.experiments.get('7')).rejects.toMatchObject({
      code: 'UNKNOWN',
      message: expect.stringContaining('MOON_PHASE') as string,
    });
  });

  it('of a page that is no JSON says what came', async () => {
    const client = clientOf([page('<html><title>Welcome to the intranet</title><p>Hello</html>', 200)]);
    const error = await client.experiments.get('7').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MlflowProtocolError);
    expect(String(error)).toMatch(/text\/html.*Welcome to the intranet/);
    expect(server.received).toHaveLength(1);
  });
});

describe('time', () => {
  it('does not run out while this thread computes and the answer lies there', async () => {
    const client = clientOf([found], { timeoutSeconds: 0.2, retries: 0 });
    const answer = client.experiments.get('7');
    await new Promise((resolve) => setTimeout(resolve, 50)); // the request is out
    const until = performance.now() + 400;
    while (performance.now() < until);
    expect((await answer).name).toBe('flowers');
  });

  it('does not run out while bytes flow', async () => {
    const drip: Reply = (response) => {
      let left = 8;
      const timer = setInterval(() => (left-- > 0 ? response.write('x') : (clearInterval(timer), response.end())), 60);
    };
    const client = clientOf([drip], { timeoutSeconds: 0.2, retries: 0 });
    expect(await client.artifacts.download('mlflow-artifacts:/7', 'slow.bin')).toHaveLength(8);
  });

  it('ends at the signal, with its reason, also between two attempts', async () => {
    const client = clientOf([refused('INTERNAL_ERROR', 500)], { retrySeconds: 30 });
    const reason = new Error('enough');
    await expect(client.experiments.get('7', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 100);
    await expect(client.experiments.get('7', { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('a file to be sent', () => {
  it('that is missing is an error of its own, at once', async () => {
    const client = clientOf([json({})]);
    const sent = client.artifacts.uploadFile('mlflow-artifacts:/7', 'a.txt', '/nowhere/a.txt');
    await expect(sent).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is streamed: no more of it is read than the server takes', async () => {
    const unread: Server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(unread, 'listening');
    const { port } = unread.address() as AddressInfo;
    const client = new MlflowClient({ trackingUri: `http://127.0.0.1:${port}`, timeoutSeconds: 0.5, retries: 0 });
    let made = 0;
    const endless = function* () {
      for (; ; made++) yield Buffer.alloc(1 << 20);
    };
    const sent = client.artifacts.store('mlflow-artifacts:/7').write('big.bin', () => Readable.from(endless()));
    await expect(sent).rejects.toBeInstanceOf(MlflowTimeoutError);
    expect(made).toBeLessThan(64);
    unread.closeAllConnections();
    unread.close();
  });
});
