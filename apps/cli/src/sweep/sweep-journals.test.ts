import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CellFolder, type Engine } from '@promptweave/bench';
import { MlflowTracker } from '@promptweave/tracking';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FakeMlflow } from '../../../../packages/tracking/src/fake-mlflow.test.support.js';
import { startOf } from '../../../../packages/tracking/src/recording.test.support.js';
import { deliveringJournals } from './sweep-journals.js';

const server = new FakeMlflow();
let folder = '';
let cells: CellFolder[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'journals-'));
  cells = ['one', 'two', 'three'].map((id) => new CellFolder(join(folder, 'cells', id)));
  for (const { path } of cells) mkdirSync(path, { recursive: true });
  server.runs.length = 0;
  server.fate = () => 'ok';
  await server.start();
  vi.stubEnv('MLFLOW_TRACKING_URI', server.uri);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Runs the first two cells as on machines that know no server: their journals come home, and nothing else. */
async function run(signal?: AbortSignal): Promise<string[]> {
  const away: Engine = {
    name: 'away',
    run: async () => {
      for (const cell of cells.slice(0, 2)) {
        const tracker = new MlflowTracker({ folder: cell.path });
        tracker.record(startOf(cell.id));
        tracker.record({ type: 'metrics', step: 1, values: { loss: 1 } });
        tracker.record({ type: 'end', status: 'finished' });
        await tracker.close();
      }
    },
  };
  const notes: string[] = [];
  await deliveringJournals(away).run({
    ...{ folder, cells, patience: { retries: 0 }, signal },
    onEvent: (event) => void (event.type === 'note' && notes.push(event.message)),
  });
  return notes;
}

it('delivers what cells recorded where nobody could reach the server', async () => {
  expect(await run()).toEqual([]);
  const runs = server.runs.filter(({ metrics }) => metrics.length > 0);
  expect(runs.map(({ status }) => status)).toEqual(['FINISHED', 'FINISHED']);
});

it.each([
  ['the server does not work', () => (server.fate = () => 500), undefined],
  ['the sweep was stopped', () => undefined, AbortSignal.abort()],
])('says how to deliver it later where %s', async (_, prepare, signal) => {
  prepare();
  expect(await run(signal)).toEqual([expect.stringMatching(`npx promptweave track sync ${folder}$`)]);
  expect(server.runs).toEqual([]);
});
