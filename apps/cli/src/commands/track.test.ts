import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeMlflow } from '../../../../packages/tracking/src/fake-mlflow.test.support.js';
import { startOf } from '../../../../packages/tracking/src/recording.test.support.js';
import { MlflowTracker, connect } from '@promptweave/tracking';
import { run } from '../program.js';

let folder: string;
let server: FakeMlflow;
let lines: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'track-'));
  server = await new FakeMlflow().start();
  lines = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
});
afterEach(async () => {
  vi.restoreAllMocks();
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
  vi.stubEnv('MLFLOW_TRACKING_URI', '');
  expect(await run(['track', 'sync', folder])).toBe(2);
  expect(lines.join('\n')).toContain('MLFLOW_TRACKING_URI is not set');
  vi.unstubAllEnvs();
});

it('asks the server that the configuration of the run names', async () => {
  server.fate = () => 500;
  const configuration = { tracker: { use: 'mlflow', uri: server.uri } };
  const tracker = new MlflowTracker({ folder, client: connect(server.uri) });
  tracker.record(startOf('named', { configuration }));
  await tracker.close();
  server.fate = () => 'ok';
  vi.stubEnv('MLFLOW_TRACKING_URI', '');
  expect(await run(['track', 'sync', folder])).toBe(0);
  expect(server.tagged('promptweave.run', 'named')).toHaveLength(1);
  vi.unstubAllEnvs();
});

it('says which run names no server, and delivers the others', async () => {
  await recordUnheard('a');
  server.fate = () => 500;
  const tracker = new MlflowTracker({ folder: join(folder, 'b'), client: connect(server.uri) });
  tracker.record(startOf('b', { configuration: { tracker: { use: 'mlflow', uri: server.uri } } }));
  await tracker.close();
  server.fate = () => 'ok';
  vi.stubEnv('MLFLOW_TRACKING_URI', '');
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
