import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MlflowClient } from './client.js';
import { MlflowCertificateError } from './errors.js';
import { json, ScriptedServer } from './server.test.support.js';
import { settingsFromEnvironment } from './settings.js';

let server: ScriptedServer;
let client: MlflowClient;
beforeEach(async () => {
  server = await ScriptedServer.start(json({}));
  client = new MlflowClient({ trackingUri: server.uri, retrySeconds: 0.01 });
});
afterEach(() => server.stop());
const bodies = () => server.received.map(({ body }) => JSON.parse(body) as Record<string, unknown[]>);

describe('a batch', () => {
  it("is cut by the server's limits: 1000 metrics, 100 params, 100 tags", async () => {
    const metrics = Array.from({ length: 2001 }, (_, step) => ({ key: 'loss', value: step, step, timestamp: 1 }));
    const params = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`p${i}`, 'x']));
    const tags = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`t${i}`, 'x']));
    await client.runs.logBatch('r', { metrics, params, tags });
    const counts = bodies().map(({ metrics, params, tags }) => [metrics?.length, params?.length, tags?.length]);
    expect(counts).toEqual([
      [undefined, undefined, 100],
      [undefined, 100, undefined],
      [undefined, 1, undefined],
      [1000, undefined, undefined],
      [1000, undefined, undefined],
      [1, undefined, undefined],
    ]);
    expect(bodies().flatMap(({ metrics }) => metrics ?? [])).toEqual(metrics);
  });

  it('stays below 1 MB', async () => {
    const tags = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`t${i}`, 'é'.repeat(8000)]));
    await client.runs.logBatch('r', { tags });
    for (const { body } of server.received) expect(Buffer.byteLength(body)).toBeLessThan(1_000_000);
    expect(bodies().flatMap(({ tags }) => tags)).toHaveLength(100);
  });

  it('writes what is not finite as text, and reads it back', async () => {
    const values = [NaN, Infinity, -Infinity, 0.5];
    await client.runs.logBatch('r', { metrics: values.map((value) => ({ key: 'x', value, step: 0, timestamp: 1.4 })) });
    const wire = bodies()[0]!['metrics'] as { value: unknown; timestamp: number }[];
    expect(wire.map(({ value }) => value)).toEqual(['NaN', 'Infinity', '-Infinity', 0.5]);
    expect(wire[0]!.timestamp).toBe(1);
    server.script(json({ metrics: wire }));
    const read = [];
    for await (const { value } of client.runs.metricHistory('r', 'x')) read.push(value);
    expect(read).toEqual(values);
  });
});

describe('a search', () => {
  it('fetches page after page, each when it is needed', async () => {
    const run = (id: string) => ({ info: { run_id: id, start_time: '5' } });
    server.script(json({ runs: [run('a'), run('b')], next_page_token: 'more' }), json({ runs: [run('c')] }));
    const ids: string[] = [];
    for await (const { info } of client.runs.search({ experimentIds: ['1'], filter: "tags.x = 'y'", pageSize: 2 })) {
      ids.push(`${info.runId}${info.startTime}`);
      if (ids.length === 2) expect(server.received).toHaveLength(1);
    }
    expect(ids).toEqual(['a5', 'b5', 'c5']);
    expect(bodies().map((body) => body['page_token'])).toEqual([undefined, 'more']);
  });

  it('that nobody reads on fetches no further page', async () => {
    server.script(json({ runs: [{}], next_page_token: 'more' }));
    for await (const run of client.runs.search({ experimentIds: ['1'] })) if (run) break;
    expect(server.received).toHaveLength(1);
  });
});

describe('a metric buffer', () => {
  const metrics = () => bodies().flatMap((body) => body['metrics'] as { step: number }[]);

  it('sends in the background, and the rest when it is closed', async () => {
    const buffer = client.bufferMetrics('r', { intervalSeconds: 0.05 });
    buffer.log('loss', 1, 1);
    buffer.log('loss', 2, 2);
    expect(server.received).toHaveLength(0);
    await expect.poll(() => server.received.length).toBe(1);
    for (let step = 3; step <= 1500; step++) buffer.log('loss', step, step);
    await buffer.close();
    expect(metrics().map(({ step }) => step)).toEqual(Array.from({ length: 1500 }, (_, i) => i + 1));
  });

  it('keeps what could not be sent, says so, and drops the oldest only when it is full', async () => {
    server.script(json({ error_code: 'INTERNAL_ERROR' }, 500));
    const errors: unknown[] = [];
    const options = { intervalSeconds: 0.02, capacity: 2, onError: (error: unknown) => errors.push(error) };
    const buffer = client.bufferMetrics('r', options);
    for (let step = 1; step <= 3; step++) buffer.log('loss', step, step);
    await expect.poll(() => errors.length).toBe(1);
    expect([buffer.pending, buffer.dropped]).toEqual([2, 1]);
    server.script(json({}));
    await buffer.close();
    expect(metrics().map(({ step }) => step)).toEqual([2, 3]);
  });
});

describe('who asks', () => {
  const authorization = async (settings: object) => {
    await new MlflowClient({ trackingUri: server.uri, ...settings }).runs.get('r');
    return server.received.at(-1)!.headers.authorization;
  };

  it('says so by name and password, or by token', async () => {
    expect(await authorization({})).toBeUndefined();
    expect(await authorization({ username: 'jörg', password: 'a:b' })).toBe(
      `Basic ${Buffer.from('jörg:a:b').toString('base64')}`,
    );
    expect(await authorization({ token: 'abc' })).toBe('Bearer abc');
    expect(await authorization({ token: 'abc', username: 'u', password: 'p' })).toBe('Basic dTpw');
  });

  it('may stand in the address, which is never shown with it', async () => {
    const trackingUri = server.uri.replace('//', '//u:p%40@');
    expect(await authorization({ trackingUri })).toBe(`Basic ${Buffer.from('u:p@').toString('base64')}`);
    expect(new MlflowClient({ trackingUri }).trackingUri).toBe(server.uri);
  });

  it('keeps the path of the address', async () => {
    await new MlflowClient({ trackingUri: `${server.uri}/team/a/` }).runs.get('r');
    expect(server.received[0]!.url).toBe('/team/a/api/2.0/mlflow/runs/get?run_id=r');
  });
});

describe('settings', () => {
  it("are those of MLflow's environment variables", () => {
    const settings = settingsFromEnvironment({
      MLFLOW_TRACKING_URI: 'https://mlflow.example.org',
      MLFLOW_TRACKING_USERNAME: 'u',
      MLFLOW_TRACKING_PASSWORD: 'p',
      MLFLOW_TRACKING_TOKEN: '',
      MLFLOW_TRACKING_INSECURE_TLS: 'TRUE',
      MLFLOW_HTTP_REQUEST_TIMEOUT: '7',
    });
    expect(settings).toEqual({
      trackingUri: 'https://mlflow.example.org',
      username: 'u',
      password: 'p',
      insecureTls: true,
      timeoutSeconds: 7,
    });
  });

  it.each([
    [{}, /MLFLOW_TRACKING_URI is not set/],
    [{ MLFLOW_TRACKING_URI: 'x', MLFLOW_HTTP_REQUEST_TIMEOUT: 'soon' }, /MLFLOW_HTTP_REQUEST_TIMEOUT is "soon"/],
    [{ MLFLOW_TRACKING_URI: 'x', MLFLOW_TRACKING_SERVER_CERT_PATH: '/nowhere.pem' }, /nowhere\.pem/],
    [
      { MLFLOW_TRACKING_URI: 'x', MLFLOW_TRACKING_INSECURE_TLS: '1', MLFLOW_TRACKING_SERVER_CERT_PATH: 'y' },
      /exclude each other/,
    ],
  ])('that are wrong are named: %j', (env, message) => {
    expect(() => settingsFromEnvironment(env)).toThrow(message);
  });

  it.each(['mlruns', 'file:///tmp/mlruns', 'databricks'])('refuse the address %s', (trackingUri) => {
    expect(() => new MlflowClient({ trackingUri })).toThrow(/address of a tracking server/);
  });
});

describe('artifacts', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'mlflow-js-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('in a folder are written, listed, read and deleted', async () => {
    const place = pathToFileURL(join(folder, 'artifacts')).href;
    expect(await client.artifacts.list(place)).toEqual([]);
    await client.artifacts.upload(place, 'a/b.txt', 'content');
    await client.artifacts.upload(place, 'c.bin', new Uint8Array([1, 2]));
    const files = [];
    for await (const file of client.artifacts.files(place)) files.push(file);
    expect(files.sort((a, b) => a.path.localeCompare(b.path))).toEqual([
      { path: 'a/b.txt', isFolder: false, size: 7 },
      { path: 'c.bin', isFolder: false, size: 2 },
    ]);
    expect(await client.artifacts.downloadAll(place, join(folder, 'copy'))).toHaveLength(2);
    expect(readFileSync(join(folder, 'copy', 'a', 'b.txt'), 'utf8')).toBe('content');
    await client.artifacts.delete(place, 'a');
    await expect(client.artifacts.download(place, 'a/b.txt')).rejects.toMatchObject({
      code: 'RESOURCE_DOES_NOT_EXIST',
    });
    expect(server.received).toHaveLength(0);
  });

  it.each(['../secret', '/etc/passwd', 'a/../../b', 'a\\b', ''])('never leave their folder: %j', async (path) => {
    await expect(client.artifacts.upload(join(folder, 'artifacts'), path, 'x')).rejects.toThrow(
      /no path of an artifact/,
    );
    await expect(client.artifacts.upload('mlflow-artifacts:/1', path, 'x')).rejects.toThrow(/no path of an artifact/);
  });

  it('of a cloud store are refused with the way out', () => {
    expect(() => client.artifacts.store('s3://bucket/1')).toThrow(/--serve-artifacts/);
  });
});

describe('TLS', () => {
  let folder: string;
  let tls: ReturnType<typeof createServer>;
  let trackingUri: string;
  let certificate: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mlflow-js-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const options = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
    execFileSync('openssl', [...options, ...subject], { stdio: 'ignore' });
    certificate = cert;
    tls = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, response) =>
      response.end(JSON.stringify({ run: { info: { run_id: 'r' } } })),
    ).listen(0, '127.0.0.1');
    await once(tls, 'listening');
    trackingUri = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    tls.closeAllConnections();
    tls.close();
    rmSync(folder, { recursive: true });
  });

  it('refuses an unknown certificate at once', async () => {
    const error = await new MlflowClient({ trackingUri, retrySeconds: 60 }).runs
      .get('r')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(MlflowCertificateError);
  });

  it.each([
    ['any, where asked to', () => ({ MLFLOW_TRACKING_INSECURE_TLS: 'true' })],
    ['the one that was given', () => ({ MLFLOW_TRACKING_SERVER_CERT_PATH: certificate })],
  ])('accepts %s', async (_name, env) => {
    const trusting = new MlflowClient(settingsFromEnvironment({ MLFLOW_TRACKING_URI: trackingUri, ...env() }));
    expect((await trusting.runs.get('r')).info.runId).toBe('r');
    trusting.close();
  });

  it('refuses another certificate than the given one', async () => {
    const other = join(folder, 'other.pem');
    const options = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=other'];
    execFileSync('openssl', [...options, '-keyout', join(folder, 'k'), '-out', other], { stdio: 'ignore' });
    const env = { MLFLOW_TRACKING_URI: trackingUri, MLFLOW_TRACKING_SERVER_CERT_PATH: other };
    await expect(new MlflowClient(settingsFromEnvironment(env)).runs.get('r')).rejects.toBeInstanceOf(
      MlflowCertificateError,
    );
  });
});
