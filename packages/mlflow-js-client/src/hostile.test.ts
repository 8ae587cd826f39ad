import { createServer, type Server } from 'node:http';
import { createServer as createSocketServer, type AddressInfo, type Socket } from 'node:net';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MlflowClient } from './client.js';
import { MlflowApiError, MlflowError, MlflowProtocolError, MlflowTimeoutError } from './errors.js';
import { json, page, ScriptedServer, type Reply } from './server.test.support.js';
import type { MlflowSettings } from './settings.js';

let server: ScriptedServer;
let folder: string;
beforeEach(async () => {
  server = await ScriptedServer.start(json({}));
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

function clientOf(replies: readonly Reply[], settings: Partial<MlflowSettings> = {}): MlflowClient {
  server.script(...replies);
  return new MlflowClient({
    trackingUri: server.uri,
    retrySeconds: 0.01,
    timeoutSeconds: 0.3,
    retries: 0,
    ...settings,
  });
}
const caught = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** A body without an end, as fast as it is taken. */
const endless =
  (status = 200, block = Buffer.alloc(1 << 16, 'x'), every = 0): Reply =>
  (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    const write = (): void => {
      if (response.destroyed) return;
      if (response.write(block)) setTimeout(write, every);
      else response.once('drain', write);
    };
    write();
  };

describe('an answer without an end', () => {
  it('ends in an error, and takes little memory', async () => {
    const client = clientOf([endless()], { timeoutSeconds: 60 });
    const before = process.memoryUsage().rss;
    const error = await caught(client.experiments.get('7'));
    expect(error).toBeInstanceOf(MlflowProtocolError);
    expect(String(error)).toMatch(/longer than 32 MiB/);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 2 ** 20);
  });

  it('of a refusal is read no further than its beginning', async () => {
    const error = await caught(clientOf([endless(500)]).experiments.get('7'));
    expect(error).toBeInstanceOf(MlflowApiError);
    expect(String(error).length).toBeLessThan(400);
  });

  it('that comes byte by byte is given up', async () => {
    const begun = performance.now();
    const error = await caught(clientOf([endless(200, Buffer.from(' '), 20)]).experiments.get('7'));
    expect(String(error)).toMatch(/does not end/);
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  it('that falls silent in its middle is said to', async () => {
    const reply: Reply = (response) => response.writeHead(200, { 'Content-Length': '100' }).write('{"a');
    const error = await caught(clientOf([reply]).experiments.get('7'));
    expect(error).toBeInstanceOf(MlflowTimeoutError);
    expect(String(error)).toMatch(/has not answered for 0\.3 s/);
  });

  it('of a file is cut at the size that it may have, and leaves no file', async () => {
    const client = clientOf([endless()]);
    const file = join(folder, 'a/prompts');
    const loaded = client.artifacts.downloadFile('mlflow-artifacts:/7', 'p', file, { longest: 1000 });
    expect(String(await caught(loaded))).toMatch(/longer than 1000 bytes/);
    expect(readdirSync(join(folder, 'a'))).toEqual([]);
  });

  it('that says how long it is, is not read at all', async () => {
    const reply: Reply = (response) => response.writeHead(200, { 'Content-Length': String(2 ** 40) }).write('{');
    expect(String(await caught(clientOf([reply]).experiments.get('7')))).toMatch(/longer than 32 MiB/);
  });

  it('that would be a bomb once unpacked is not unpacked', async () => {
    const reply: Reply = (response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
      response.end(gzipSync(Buffer.alloc(2 ** 24)));
    };
    expect(String(await caught(clientOf([reply]).experiments.get('7')))).toMatch(/answered with gzip/);
  });
});

describe('a head without an end', () => {
  let raw: ReturnType<typeof createSocketServer>;
  const rawServer = async (answer: (socket: Socket) => void): Promise<MlflowClient> => {
    raw = createSocketServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => answer(socket));
    });
    await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
    const { port } = raw.address() as AddressInfo;
    return new MlflowClient({ trackingUri: `http://127.0.0.1:${port}`, timeoutSeconds: 0.3, retries: 0 });
  };
  afterEach(() => void raw.close());

  it('is given up: many headers', async () => {
    const client = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const write = (): void => void (socket.destroyed || (socket.write('a: b\r\n'.repeat(1000)), setImmediate(write)));
      write();
    });
    expect(await caught(client.experiments.get('7'))).toBeInstanceOf(MlflowError);
  });

  it.each([
    ['byte by byte', 'a'],
    ['of promises to answer', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ])('is given up: %s', async (_name, text) => {
    const client = await rawServer((socket) => {
      if (text === 'a') socket.write('HTTP/1.1 200 OK\r\nx: ');
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(text)), 30);
      socket.on('close', () => clearInterval(timer));
    });
    const begun = performance.now();
    expect(await caught(client.experiments.get('7'))).toBeInstanceOf(MlflowTimeoutError);
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});

describe('a list without an end', () => {
  const all = async (client: MlflowClient): Promise<void> => {
    for await (const run of client.runs.search({ experimentIds: ['1'] })) void run;
  };

  it('of pages with the same token, or with ever new ones, is given up', async () => {
    const same = clientOf([json({ runs: [], next_page_token: 'a' })]);
    expect(String(await caught(all(same)))).toMatch(/does not end: 2 pages/);
    let count = 0;
    const fresh: Reply = (response) => response.end(JSON.stringify({ next_page_token: String(count++) }));
    expect(String(await caught(all(clientOf([fresh]))))).toMatch(/does not end: 1001 pages/);
  });

  it('of folders in themselves is given up', async () => {
    const client = clientOf([json({ files: [{ path: 'd', is_dir: true }] })]);
    expect(String(await caught(client.artifacts.downloadAll('mlflow-artifacts:/7', folder)))).toMatch(/folders deep/);
  });

  it.each(['../x', '/etc/x', 'a/../../x', '..\\x', 'a\0b'])(
    'is refused with the path %j, and nothing is written',
    async (path) => {
      const client = clientOf([json({ files: [{ path, file_size: 1 }] }), (response) => response.end('x')]);
      const error = await caught(client.artifacts.downloadAll('mlflow-artifacts:/7', join(folder, 'to')));
      expect(error).toBeInstanceOf(MlflowProtocolError);
      expect(existsSync(join(folder, 'to'))).toBe(false);
    },
  );
});

describe('a redirection', () => {
  it('is not followed, and neither credentials nor secrets in its address are told', async () => {
    const seen: (string | undefined)[] = [];
    const other: Server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const Location = `http://a:secret@127.0.0.1:${port}/mlflow?t=secret`;
    for (const status of [301, 302, 307, 308]) {
      const client = clientOf([json({}, status, { Location })], { token: 'mine' });
      const error = await caught(client.experiments.get('7'));
      expect(error).toMatchObject({ status });
      expect(String(error)).toContain(`127.0.0.1:${port}/mlflow`);
      expect(String(error)).not.toContain('secret');
    }
    expect(seen).toEqual([]);
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('what is printed of an answer', () => {
  const html = '<html><head><title>413 Request Entity Too Large</title></head><body><script>x</script></body></html>';

  it.each([200, 400, 401, 403, 404, 413, 502])('is no HTML, with status %i', async (status) => {
    const text = String(await caught(clientOf([page(html, status)]).experiments.get('7')));
    expect(text).toContain('413 Request Entity Too Large');
    expect(text).not.toContain('<');
    expect(text).not.toContain('\n');
    expect(text.length).toBeLessThan(500);
  });

  it('names the variables to set where nobody was let in', async () => {
    const asked = [{}, { token: 'x' }].map((settings) => caught(clientOf([page(html, 401)], settings).runs.get('r')));
    const [none, wrong] = (await Promise.all(asked)).map(String);
    expect(none).toMatch(/Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN\.$/);
    expect(wrong).toMatch(/MLFLOW_TRACKING_TOKEN say is not accepted\.$/);
  });

  it('cannot move the cursor or turn the text', async () => {
    const message = 'a\u001b[2J\u202eb\r\nc';
    const text = String(await caught(clientOf([json({ error_code: 'X\u001b', message }, 400)]).runs.get('r')));
    expect(text).toContain('a [2J b c');
  });

  it('is nothing of a password in an address that cannot be read', () => {
    for (const uri of ['me:secret@host', 'ftp://me:secret@host', 'http://me:secret@@[']) {
      const make = (): MlflowClient => new MlflowClient({ trackingUri: uri });
      expect(make).toThrow(/The tracking address is/);
      expect(make).not.toThrow(/secret/);
    }
  });
});

describe('a folder that a server names', () => {
  it.each(['file:///etc', '/etc', 'file://host/x', '::::', 'mlflow-artifacts:/%zz', '', 's3://b/x', 'javascript:1'])(
    'on another machine, or that is none, is an error of its own: %j',
    (place) => {
      const client = new MlflowClient({ trackingUri: 'https://mlflow.example.org' });
      expect(() => client.artifacts.store(place)).toThrow(MlflowProtocolError);
    },
  );
});
