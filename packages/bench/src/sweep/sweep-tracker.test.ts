import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin, type RunEvent, type Tracker, type TrackerContext } from '@promptweave/core';
import { figureOf, Registry, sourceFromValue, type Configuration } from '@promptweave/core/experiment';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { runTracked } from '../protocols/run-tracked.js';
import { tinyConfiguration, tinyEnvironment, tinyRegistry } from '../tiny.test.support.js';
import type { SweepEvent } from './engine.js';
import { inProcessEngine } from './local-engine.js';
import { planSweep } from './plan.js';
import { runSweep } from './run-sweep.js';
import { SweepFolder } from './sweep-folder.js';
import { SweepTracker } from './sweep-tracker.js';
import { recordedStudy } from '../report/recorded-study.js';
import { readStudy } from '../report/study.js';

let root: string;
let recorded: (RunEvent & { readonly folder: string })[];
let close: Tracker['close'];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tracked-'));
  recorded = [];
  close = () => Promise.resolve([]);
});
afterEach(() => rmSync(root, { recursive: true }));

const listTracker = definePlugin({
  kind: 'tracker',
  name: 'list',
  description: 'Keeps what it is told in a list.',
  options: z.strictObject({}),
  create: ({ folder }: TrackerContext): Tracker => ({
    name: 'list',
    record: (event) => void recorded.push({ ...event, folder }),
    close: (deadline) => close(deadline),
  }),
});
const registry = new Registry([
  ...tinyRegistry().entries.filter(({ module }) => module === 'tiny'),
  { plugin: listTracker, module: 'list', version: '1' },
]);
const ofType = <T extends RunEvent['type']>(type: T, folder?: string) =>
  recorded.filter(
    (event): event is Extract<RunEvent, { type: T }> & { folder: string } =>
      event.type === type && (folder === undefined || event.folder === folder),
  );

async function prepare(configuration: Configuration) {
  const source = sourceFromValue({ ...tinyConfiguration, tracker: 'list', ...configuration });
  const planned = await planSweep({ source, registry, folder: root });
  const folder = new SweepFolder(join(root, 'sweep'));
  const about = { name: 'grid', file: join(root, 'grid.yaml'), overrides: [], retries: 0 };
  const cells = folder.prepare(planned, about, root);
  const tracker = () =>
    new SweepTracker({
      ...{ folder, configuration: planned[0]!.configuration, source: source.value, registry, patience: { retries: 0 } },
      surroundings: { backend: 'cpu' },
    });
  const run = async (chosen = cells): Promise<SweepEvent[]> => {
    const environment = { ...tinyEnvironment(), registry };
    const events: SweepEvent[] = [];
    const engine = inProcessEngine(environment);
    const onEvent = (event: SweepEvent): void => void events.push(event);
    await runSweep({
      folder: folder.path,
      cells: chosen,
      patience: { retries: 0 },
      engine,
      onEvent,
      pollSeconds: 0.05,
    });
    await environment.close();
    return events;
  };
  return { folder, cells, tracker, run };
}

it('records every cell below the sweep, with its values, and ends both', async () => {
  const { folder, cells, tracker, run } = await prepare({ grid: { 'prompt.use': ['context', 'none'], seed: [1] } });
  const sweep = tracker();
  await sweep.begin();
  await run();
  expect(await sweep.end(['nothing.html', 'sweep.yaml'], recordedStudy(readStudy(folder)))).toEqual([]);

  const { id, name } = folder.identity();
  expect(name).toBe('grid');
  const starts = ofType('start');
  expect(starts).toHaveLength(3);
  expect(starts[0]).toMatchObject({ id, name: 'grid', experiment: 'grid', configuration: { grid: { seed: [1] } } });
  expect(starts[0]!.parent).toBeUndefined();
  expect(starts[1]).toMatchObject({
    ...{ id: `${id}/${cells[0]!.id}`, name: 'prompt.use=context, seed=1', experiment: 'grid', parent: { id, name } },
    configuration: { prompt: { use: 'context' }, seed: 1 },
  });
  expect(ofType('end').map(({ status }) => status)).toEqual(['finished', 'finished', 'finished']);
  expect(ofType('artifact', folder.path).map(({ path }) => path)).toEqual(['sweep.yaml']);
  expect(ofType('start', cells[0]!.path)[0]).toMatchObject({
    ...{ params: { row: 'prompt.use=context' }, source: 'promptweave sweep grid' },
  });
  const [end] = ofType('end', folder.path);
  const best = Math.max(...cells.map((cell) => figureOf(cell.outcome()!.summary['accuracy']!).value));
  expect(ofType('metrics', folder.path)).toMatchObject([{ step: 2, values: { 'best/accuracy': best } }]);
  expect(end!.tags!['promptweave.best']).toMatch(/^prompt\.use=(context|none): accuracy \d/);
  expect(end!.summary).toContain('| prompt.use');
  const digest = ofType('end', cells[0]!.path)[0]!.digests!.dataset;
  expect(end!.datasets).toMatchObject([{ digest, options: { shots: expect.anything() as unknown } }]);
  expect(ofType('end', cells[0]!.path)[0]!.datasets).toMatchObject([{ digest }]);
  const losses = ofType('metrics', cells[0]!.path).filter(({ values }) => 'train/loss' in values);
  expect(losses.map(({ step }) => step)).toEqual(Array.from(losses, (_, i) => i + 1));
  expect(losses.length).toBeGreaterThan(2);
  const outcome = cells[0]!.outcome()!;
  expect(ofType('metrics', cells[0]!.path).at(-1)!.values).toMatchObject(outcome.summary);
});

it('says how a sweep ended: with a failure, or with cells that are left', async () => {
  const { cells, tracker, run } = await prepare({ grid: { 'labels.use': ['frozen', 'failing'] } });
  const first = tracker();
  await first.begin();
  await run([cells[0]!]);
  await first.end();
  const second = tracker();
  await second.begin();
  await run([cells[1]!]);
  await second.end();
  const ends = recorded.filter((event) => event.type === 'end' && !cells.some(({ path }) => path === event.folder));
  expect(ends).toMatchObject([{ status: 'stopped' }, { status: 'failed' }]);
  expect(ofType('end', cells[1]!.path)).toMatchObject([
    { status: 'failed', error: expect.stringContaining('these labels cannot be made') as string },
  ]);
});

it('is recorded by one process at a time; the last to end says how it ended', async () => {
  const { folder, tracker, run } = await prepare({ grid: { seed: [1] } });
  const [one, two] = [tracker(), tracker()];
  await one.begin();
  await two.begin();
  expect(ofType('start', folder.path)).toHaveLength(1);
  await one.end();
  await run();
  await two.end();
  expect(ofType('start', folder.path).map(({ id }) => id)).toEqual(Array(2).fill(folder.identity().id));
  expect(ofType('end', folder.path).map(({ status }) => status)).toEqual(['stopped', 'finished']);
  expect(tracker().isLeftBehind).toBe(false);
});

it('lets no cell wait for the delivery of another, and tells once what is left', async () => {
  const { cells, run } = await prepare({ grid: { seed: [1, 2, 3] } });
  const finishedAt: number[] = [];
  close = (deadline) => {
    finishedAt.push(cells.filter((cell) => cell.outcome()).length);
    return new Promise((resolve) => deadline!.addEventListener('abort', () => resolve(['Something is left.'])));
  };
  const events = await run();
  expect(finishedAt).toEqual([0, 1, 2]); // closed as each ended, and not awaited
  expect(events.filter(({ type }) => type === 'note')).toEqual([{ type: 'note', message: 'Something is left.' }]);
});

it('records nothing into the folder of another run', async () => {
  const { cells, run } = await prepare({ grid: { seed: [1] } });
  await run();
  recorded = [];
  const environment = { ...tinyEnvironment(), registry };
  const { configuration } = (
    await planSweep({
      source: sourceFromValue({ ...tinyConfiguration, tracker: 'list', grid: { seed: [1] } }),
      registry,
      folder: root,
    })
  )[0]!;
  const tracker = listTracker.create({ folder: cells[0]!.path }, {});
  const again = { configuration, environment, folder: cells[0]!.path, configurationFolder: root, resume: false };
  await expect(runTracked(tracker, { name: 'again', experiment: 'x' }, again)).rejects.toThrow(
    'This folder holds a run already.',
  );
  expect(recorded).toEqual([]);
  await environment.close();
});
