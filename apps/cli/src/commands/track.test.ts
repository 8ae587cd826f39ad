import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeMlflow } from '../../../../packages/tracking/src/fake-mlflow.test.support.js';
import { Journal } from '../../../../packages/tracking/src/journal.js';
import { passwordAddresses, startOf } from '../../../../packages/tracking/src/recording.test.support.js';
import { connect, mlflow, MlflowTracker } from '@promptweave/tracking';
import { run } from '../program.js';

let folder: string;
let server: FakeMlflow;
let lines: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'track-'));
  vi.stubEnv('XDG_STATE_HOME', join(folder, 'state'));
  vi.stubEnv('MLFLOW_TRACKING_URI', '');
  server = await new FakeMlflow().start();
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Runs that were recorded while the server did not answer. */
async function recordUnheard(...names: string[]): Promise<void> {
  server.fate = () => 500;
  for (const name of names) {
    const tracker = new MlflowTracker({ folder: join(folder, name), client: connect(server.uri) });
    tracker.record(startOf(name));
    tracker.record({ type: 'metrics', step: 1, values: { loss: 1 } });
    tracker.record({ type: 'end', status: 'finished' });
    await tracker.close();
  }
  server.fate = () => 'ok';
}

it('delivers what is left of every run in a folder', async () => {
  await recordUnheard('a', 'b');
  expect(await run(['track', 'sync', folder, '--uri', server.uri, '--json'])).toBe(0);
  const { runs } = JSON.parse(lines[0]!) as { runs: { entries: number }[] };
  expect(runs.map(({ entries }) => entries)).toEqual([3, 3]);
  for (const name of ['a', 'b']) expect(server.tagged('promptweave.run', name)[0]!.metrics).toHaveLength(1);
});

it('says which run could not be delivered, and delivers the others', async () => {
  await recordUnheard('a', 'b');
  const journal = join(folder, 'a/journal.jsonl');
  writeFileSync(journal, `nonsense\n${readFileSync(journal, 'utf8')}`);
  expect(await run(['track', 'sync', folder, '--uri', server.uri])).toBe(1);
  expect(lines[0]).toMatch(/^✗ .*a: A line of the journal is damaged/);
  expect(lines[1]).toMatch(/^✓ .*b: 3 entries are on the server/);
});

it('says what is wrong with the folder or the address', async () => {
  expect(await run(['track', 'sync', folder, '--uri', server.uri])).toBe(7);
  expect(lines.join('\n')).toContain('nothing was recorded for MLflow there');
  expect(await run(['track', 'sync', join(folder, 'none'), '--uri', server.uri])).toBe(7);
  await recordUnheard('a');
  expect(await run(['track', 'sync', folder, '--uri', 'mlruns'])).toBe(2);
  expect(await run(['track', 'sync', folder])).toBe(2);
  expect(lines.join('\n')).toContain('MLFLOW_TRACKING_URI is not set');
});

describe('a server that only the journal names', () => {
  let seen: (string | undefined)[];
  let stranger: Server;
  let address: string;
  beforeEach(async () => {
    seen = [];
    stranger = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401).end();
    }).listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    address = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    vi.stubEnv('MLFLOW_TRACKING_TOKEN', 'my-secret');
    vi.stubEnv('MLFLOW_HTTP_REQUEST_MAX_RETRIES', '0');
    Journal.begin(
      folder,
      startOf('named', { configuration: { tracker: { use: 'mlflow', uri: `${address}/p` } } }),
    ).close();
  });
  afterEach(() => void stranger.close());

  it.each(['', 'http://127.0.0.1:9'])(
    'hears nothing, and what to type is said; MLFLOW_TRACKING_URI=%s',
    async (own) => {
      vi.stubEnv('MLFLOW_TRACKING_URI', own);
      for (const words of [
        ['track', 'sync', folder],
        ['track', 'sync', folder, '--json'],
      ])
        expect(await run(words)).toBe(2);
      expect(lines.join('\n')).toContain(`--uri ${address}/p`);
      expect(seen).toEqual([]);
    },
  );

  it('gets the credentials where the command or the environment names it, in any spelling', async () => {
    vi.stubEnv('MLFLOW_TRACKING_URI', `${address.replace('http', 'HTTP')}/p/`);
    await run(['track', 'sync', folder]);
    const others = ['http://127.0.0.1:9', `${address}/other`];
    for (const own of others) {
      vi.stubEnv('MLFLOW_TRACKING_URI', own);
      await run(['track', 'sync', folder, '--uri', `${address}/p`]);
    }
    expect(new Set(seen)).toEqual(new Set(['Bearer my-secret']));
  });

  it('is asked where an own command named it before; without credentials that belong to another server', async () => {
    mlflow.create({ folder: join(folder, 'x') }, { uri: `${address}/p`, systemMetrics: 0 });
    await run(['track', 'sync', folder]);
    expect(new Set(seen)).toEqual(new Set(['Bearer my-secret']));
    seen.length = 0;
    vi.stubEnv('MLFLOW_TRACKING_URI', 'http://127.0.0.1:9');
    await run(['track', 'sync', folder]);
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });

  it('is not asked by a cell of a sweep', async () => {
    const tracker = mlflow.create({ folder, sweepFolder: folder }, { uri: `${address}/p`, systemMetrics: 0 });
    tracker.record(startOf('named'));
    expect(await tracker.close()).toEqual([expect.stringContaining('not known here')]);
    expect(seen).toEqual([]);
  });
});

it.each(passwordAddresses)('refuses the address %j everywhere, and shows nothing of it', async (uri) => {
  await recordUnheard('a');
  expect(await run(['track', 'sync', folder, '--uri', uri])).toBe(2);
  vi.stubEnv('MLFLOW_TRACKING_URI', uri);
  expect(await run(['track', 'sync', folder])).toBe(2);
  vi.stubEnv('MLFLOW_TRACKING_URI', '');
  const path = join(folder, 'a/journal.jsonl');
  const journal = readFileSync(path, 'utf8').replace(
    '"configuration":{',
    `"configuration":{"tracker":{"use":"mlflow","uri":${JSON.stringify(uri)}},`,
  );
  writeFileSync(path, journal);
  expect(await run(['track', 'sync', folder])).toBe(2);
  expect(await run(['predict', 'x.png', '--run', 'models:/m@a', '--uri', uri])).toBe(2);
  expect(lines.join('\n')).not.toContain('secret');
});

it('says which run names no server, and delivers the others', async () => {
  await recordUnheard('a');
  server.fate = () => 500;
  const tracker = new MlflowTracker({ folder: join(folder, 'b'), client: connect(server.uri) });
  tracker.record(startOf('b', { configuration: { tracker: { use: 'mlflow', uri: server.uri } } }));
  mlflow.create({ folder: join(folder, 'c') }, { uri: server.uri, systemMetrics: 0 }); // named by an own command
  await tracker.close();
  server.fate = () => 'ok';
  expect(await run(['track', 'sync', folder])).toBe(2);
  vi.unstubAllEnvs();
  expect(lines[0]).toMatch(/^✗ .*a: MLFLOW_TRACKING_URI is not set/);
  expect(lines[1]).toMatch(/^ {4}to do: /);
  expect(lines[2]).toMatch(/^✓ .*b: 1 entries are on the server/);
  expect(server.tagged('promptweave.run', 'b')).toHaveLength(1);
});

it('registers nothing where there are no prompts', async () => {
  expect(await run(['register', folder, '--name', 'x', '--uri', server.uri])).toBe(3);
  expect(existsSync(join(folder, 'journal.jsonl'))).toBe(false);
  expect(server.requests).toEqual([]);
});
