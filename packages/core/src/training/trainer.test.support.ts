import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Classifier } from '../model/classifier.js';
import type { StepEvent, TrainEvent } from './events.js';
import { trainSettings } from './settings.js';
import { tinyDataset, tinyPipeline } from './tiny.test.support.js';
import type { TrainRequest } from './train-request.js';
import { train } from './trainer.js';

/** 15 images: 3 batches of 4, the rest is dropped. */
export const dataset = tinyDataset(5);

/** A folder for each test of the file that calls it; returns where it is. */
export function useFolder(): () => string {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'trainer-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  return () => folder;
}

/** A training on the tiny data set. */
export function request(classifier: Classifier, settings: Record<string, unknown> = {}): TrainRequest {
  return { classifier, pipeline: tinyPipeline, dataset, settings: trainSettings.parse(settings), seed: 1 };
}

/** The bits of all variables. */
export function bits(classifier: Classifier): string {
  return Object.entries(classifier.variables)
    .map(
      ([name, variable]) =>
        `${name} ${Buffer.from(new Uint8Array(variable.dataSync().slice().buffer)).toString('hex')}`,
    )
    .join('\n');
}

/** Trains, and gives its steps. */
export async function steps(part: TrainRequest): Promise<StepEvent[]> {
  const events: TrainEvent[] = [];
  await train({ ...part, onEvent: (event) => events.push(event) });
  return events.filter((event) => event.type === 'step');
}

/** Stops after so many steps. */
export function stopAfter(count: number): Pick<TrainRequest, 'signal' | 'onEvent'> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === 'step' && event.step === count) controller.abort();
    },
  };
}
