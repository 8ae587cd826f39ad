import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMlflow, type Fate } from './fake-mlflow.test.support.js';
import { Journal } from './journal.js';
import { clientFor, startOf } from './recording.test.support.js';
import { syncJournal } from './sync-journal.js';

let folder: string;
let server: FakeMlflow;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'refused-'));
  server = await new FakeMlflow().start();
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});
const sync = () => syncJournal(folder, clientFor(server.uri), { retrySeconds: 0.01 });
const cell = () => server.tagged('promptweave.run', 'a')[0]!;

/** A run with two files and two metrics. */
function record(...paths: string[]): void {
  const journal = Journal.begin(folder, startOf('a'));
  journal.append({ type: 'metrics', step: 1, values: { loss: 1 } });
  for (const path of paths) journal.append({ type: 'artifact', path });
  journal.append({ type: 'metrics', step: 2, values: { loss: 2 } });
  journal.append({ type: 'end', status: 'finished' });
  journal.close();
}

describe('a file that is refused for now', () => {
  beforeEach(() => {
    for (const name of ['a.svg', 'b.svg']) writeFileSync(join(folder, name), name);
    record('a.svg', 'b.svg');
  });

  it.each<Fate>(['too large', 'forbidden', 'not here', 500])('is sent as soon as it is taken: %s', async (fate) => {
    server.fate = (endpoint) => (endpoint.endsWith('/a.svg') ? fate : 'ok');
    const first = await sync();
    expect(first.refused).toEqual([]);
    expect(first.waiting).toEqual([expect.stringMatching(/^The file a\.svg is not there yet: PUT [^<\n]*$/)]);
    expect(Object.keys(cell().artifacts)).toContain('b.svg');
    expect(cell().status).toBe('FINISHED');
    expect((await sync()).waiting).toHaveLength(1);
    server.fate = () => 'ok';
    expect(await sync()).toMatchObject({ refused: [], waiting: [] });
    expect(cell().artifacts['a.svg']).toBe('a.svg');
    expect(cell().metrics.map(({ step }) => step)).toEqual([1, 2]);
    server.requests.length = 0;
    expect(await sync()).toMatchObject({ waiting: [] });
    expect(server.requests).toEqual([]);
  });

  it('is sent where the server fails only now and then, without another sync', async () => {
    let count = 0;
    server.fate = (endpoint) => (endpoint.endsWith('/a.svg') && ++count < 3 ? 500 : 'ok');
    expect(await sync()).toMatchObject({ waiting: [] });
  });

  it('and metrics that a proxy finds too large come in smaller parts, each once', async () => {
    server.fate = (endpoint, body) => (endpoint === 'runs/log-batch' && body.length > 150 ? 'too large' : 'ok');
    const first = await sync();
    expect(first.waiting).toEqual([expect.stringMatching(/^The start of the run is not there yet/)]);
    expect(cell().metrics).toHaveLength(2);
    server.fate = () => 'ok';
    expect(await sync()).toMatchObject({ waiting: [] });
    expect(
      cell()
        .metrics.map(({ step }) => step)
        .sort(),
    ).toEqual([1, 2]);
    expect(cell().params).toHaveProperty('prompt.use', 'comma');
  });

  it('that is gone is sent when it is there again', async () => {
    rmSync(join(folder, 'a.svg'));
    expect((await sync()).waiting).toEqual([expect.stringContaining('not in the folder')]);
    writeFileSync(join(folder, 'a.svg'), 'again');
    expect(await sync()).toMatchObject({ waiting: [] });
    expect(cell().artifacts['a.svg']).toBe('again');
  });

  it.each<Fate>(['not here', 'forbidden', 401])(
    'stops everything where nothing is let in, and loses nothing: %s',
    async (fate) => {
      server.fate = () => fate;
      await expect(sync()).rejects.toThrow(/^[^<\n]*$/);
      expect(server.requests).toHaveLength(1);
      server.fate = () => 'ok';
      expect(await sync()).toMatchObject({ refused: [], waiting: [] });
      expect(Object.keys(cell().artifacts)).toEqual(expect.arrayContaining(['a.svg', 'b.svg']));
    },
  );
});

describe('what a folder from somewhere else names', () => {
  it.each(['../secret', 'link', 'deep/link', 'linked/secret', '/etc/hostname', 'a/../../secret', 'folder'])(
    'is not sent from outside of it: %s',
    async (path) => {
      const outside = mkdtempSync(join(tmpdir(), 'outside-'));
      writeFileSync(join(outside, 'secret'), 'my private key');
      mkdirSync(join(folder, 'deep'));
      mkdirSync(join(folder, 'folder'));
      symlinkSync(join(outside, 'secret'), join(folder, 'link'));
      symlinkSync(join(outside, 'secret'), join(folder, 'deep/link'));
      symlinkSync(outside, join(folder, 'linked'));
      record(path);
      const { refused } = await sync();
      expect(refused).toHaveLength(1);
      expect(JSON.stringify(server.runs)).not.toContain('my private key');
      expect(cell().status).toBe('FINISHED');
      rmSync(outside, { recursive: true });
    },
  );

  it('is sent where a link stays within', async () => {
    writeFileSync(join(folder, 'a'), 'mine');
    symlinkSync('a', join(folder, 'b'));
    record('b');
    expect(await sync()).toMatchObject({ refused: [] });
    expect(cell().artifacts['b']).toBe('mine');
  });

  it.each(['journal.jsonl', 'mlflow.json'])('is not written through a link: %s', async (name) => {
    record();
    const target = `${folder}-target`;
    writeFileSync(target, 'mine');
    rmSync(join(folder, name), { force: true });
    symlinkSync(target, join(folder, name));
    await expect(sync()).rejects.toThrow(/symbolic link/);
    expect(server.requests).toEqual([]);
    rmSync(target);
  });
});

it('keeps two names two, and says what it changed', async () => {
  const journal = Journal.begin(folder, startOf('a', { configuration: { text: 'x'.repeat(501), 草图: 1 } }));
  journal.append({
    type: 'metrics',
    step: 1,
    values: { '草图/accuracy': 1, '油画/accuracy': 2, 'a (1)': 3, 'a [1]': 4 },
  });
  journal.append({ type: 'artifact', path: 'confusion/a#b.csv', content: 'x' });
  journal.close();
  const { notes } = await sync();
  expect(new Set(cell().metrics.map(({ key }) => key)).size).toBe(4);
  expect(
    cell()
      .metrics.slice(0, 2)
      .map(({ key }) => key),
  ).toEqual(['草图/accuracy', '油画/accuracy']);
  expect(notes).toHaveLength(4);
  expect(notes.join('\n')).toMatch(/"text" is cut[^]*"a \(1\)" is "a _1_-[^]*"confusion\/a#b\.csv" is/);
});
