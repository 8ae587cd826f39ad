import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunEvent, Tracker } from '../contracts/tracker.js';
import type { RunResult } from './run-result.js';
import { trainSettings } from './settings.js';
import { tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';
import { trackRun } from './track-run.js';
import { train } from './trainer.js';

let folder: string;
let recorded: RunEvent[];
let tracker: Tracker;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'track-'));
  recorded = [];
  tracker = { name: 'list', record: (event) => void recorded.push(event), close: () => Promise.resolve([]) };
});
afterEach(() => rm(folder, { recursive: true }));

const settings = trainSettings.parse({ epochs: 2, batch: 3, evaluateEvery: 2, evaluateOn: 'val', warmupEpochs: 0 });
const run = { id: 'a', name: 'cell a', experiment: 'study', configuration: { seed: 1 } };

/** Trains a tiny classifier: 2 passes over 6 images in steps of 3. */
async function trainTiny(onEvent: Parameters<Parameters<typeof trackRun>[2]>[0], runFolder = folder): Promise<void> {
  const classifier = tinyClassifier();
  const request = { classifier, pipeline: tinyPipeline, dataset: tinyDataset(2), settings, seed: 1 };
  await train({ ...request, runFolder, onEvent });
  classifier.dispose();
}

const result: RunResult = {
  ...{ format: 1, parameters: 12, evaluationSeconds: 1, training: { step: 4, steps: 4, epochs: 2, seconds: 3 } },
  evaluations: {
    novel: {
      ...{ images: 4, accuracy: 0.75, topK: { 1: 0.75, 5: 1 }, macroF1: 0.7, expectedCalibrationError: 0.1, loss: 0.9 },
      classes: ['cat', 'the "dog"'].map((name) => ({ name, images: 2, correct: 1, accuracy: 0.5 })),
      confusion: [
        [2, 0],
        [1, 1],
      ],
    },
  },
  provenance: {
    ...{ configuration: 'x', checkpoint: 'c1', dataset: 'd1', learned: 'l1', versions: {}, backend: 'cpu' },
    ...{ platform: 'x', date: '2026-01-01T00:00:00.000Z' },
  },
};
const metrics = () => recorded.flatMap((event) => (event.type === 'metrics' ? [event] : []));
const artifacts = () => recorded.flatMap((event) => (event.type === 'artifact' ? [event.path] : []));

it('records every step, what was learned, and the outcome', async () => {
  const outcome = { result, figures: { harmonicMean: 0.7 } };
  const surroundings = { backend: 'mine' };
  const returned = await trackRun(
    tracker,
    { ...run, folder, surroundings, plugins: { './mine.mjs': 'abc' } },
    async (onEvent) => {
      await trainTiny(onEvent);
      return outcome;
    },
  );
  expect(returned).toBe(outcome);
  const environment = { backend: 'mine', plugins: { './mine.mjs': 'abc' } };
  expect(recorded[0]).toMatchObject({ type: 'start', ...run, environment });
  expect(recorded[0]).not.toHaveProperty('plugins');
  expect(recorded[0]).not.toHaveProperty('folder');
  const steps = metrics().filter(({ values }) => 'train/loss' in values);
  expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(steps[0]!.values['train/loss']).toBe(steps[0]!.values['train/terms/cross-entropy']);
  expect(metrics().filter(({ values }) => 'val/accuracy' in values)).toHaveLength(1);
  expect(metrics().at(-1)).toEqual({
    type: 'metrics',
    step: 4,
    values: {
      ...{ parameters: 12, trainingSeconds: 3, evaluationSeconds: 1, harmonicMean: 0.7 },
      ...{ 'novel/accuracy': 0.75, 'novel/top5': 1, 'novel/macroF1': 0.7, 'novel/loss': 0.9 },
      'novel/expectedCalibrationError': 0.1,
    },
  });
  expect(artifacts()).toEqual(['prompts.safetensors', 'result.json', 'confusion/novel.csv']);
  expect(recorded).toContainEqual({
    type: 'artifact',
    path: 'confusion/novel.csv',
    content: 'actual \\ predicted,"cat","the ""dog"""\n"cat",2,0\n"the ""dog""",1,1\n',
  });
  const digests = { checkpoint: 'c1', dataset: 'd1' };
  expect(recorded.at(-1)).toEqual({ type: 'end', status: 'finished', digests });
});

it('keeps several trainings of one run apart', async () => {
  await trackRun(tracker, { ...run, folder }, async (onEvent) => {
    await trainTiny(onEvent, join(folder, 'first'));
    await trainTiny(onEvent, join(folder, 'second'));
    return undefined;
  });
  const of = (name: string) => metrics().flatMap(({ step, values }) => (name in values ? [step] : []));
  expect(of('train/loss')).toEqual([1, 2, 3, 4]);
  expect(of('training-2/train/loss')).toEqual([1, 2, 3, 4]);
  expect(artifacts()).toEqual(['first/prompts.safetensors', 'second/prompts.safetensors']);
  expect(recorded.at(-1)).toEqual({ type: 'end', status: 'stopped' });
});

it('records a failure and passes it on', async () => {
  const error = new Error('the loss is NaN');
  await expect(trackRun(tracker, { ...run, folder }, () => Promise.reject(error))).rejects.toBe(error);
  expect(recorded.at(-1)).toEqual({ type: 'end', status: 'failed', error: 'the loss is NaN' });
});
