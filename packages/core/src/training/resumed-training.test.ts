import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../errors.js';
import type { TrainEvent } from './events.js';
import { trainSettings } from './settings.js';
import { classNames, tinyBackbone, tinyClassifier, tinyDataset } from './tiny.test.support.js';
import type { TrainRequest } from './train-request.js';
import { bits, request, steps, stopAfter, useFolder } from './trainer.test.support.js';
import { train } from './trainer.js';

const folder = useFolder();

describe('a training that goes on', () => {
  const variants: [string, Record<string, unknown>][] = [
    ['SGD', { epochs: 3, learningRate: 0.1 }],
    ['AdamW and accumulation', { epochs: 3, batch: 2, accumulate: 3, optimizer: 'adamw', learningRate: 0.01 }],
    ['an average', { epochs: 4, learningRate: 0.1, average: { kind: 'gaussian', mean: 2, deviation: 1 } }],
    ['the best values', { epochs: 4, learningRate: 3, evaluateEvery: 1, keep: 'best' }],
    ['an early stop', { epochs: 12, learningRate: 3, evaluateEvery: 1, stop: { patience: 2 } }],
    [
      'an early stop of each of two phases',
      {
        epochs: 9,
        learningRate: 3,
        evaluateEvery: 2,
        stop: { patience: 1 },
        then: { learns: ['prompt'] },
        learns: ['prompt'],
      },
    ],
    ['cached features', { steps: 8, augment: false, learningRate: 0.1 }],
  ];

  it.each(variants)('ends with the same bits wherever it was stopped: %s', async (_, settings) => {
    const whole = tinyClassifier();
    const { step: total, stops } = await train({ ...request(whole, settings), runFolder: join(folder(), 'whole') });
    for (let stop = 1; stop < total; stop++) {
      const runFolder = join(folder(), `stop ${stop}`);
      const first = await train({ ...request(tinyClassifier(), settings), runFolder, ...stopAfter(stop) });
      expect(first).toMatchObject({ status: 'stopped', step: stop });
      const classifier = tinyClassifier();
      const second = await train({ ...request(classifier, settings), runFolder, resume: true });
      expect(second).toMatchObject({ status: 'finished', step: total, ...(stops && { stops }) });
      expect(bits(classifier)).toBe(bits(whole));
      const files = await Promise.all(
        ['whole', `stop ${stop}`].map((name) => readFile(join(folder(), name, 'prompts.safetensors'))),
      );
      expect(files[0]!.equals(files[1]!)).toBe(true);
    }
  });

  it('does nothing more where it had ended', async () => {
    const classifier = tinyClassifier();
    await train({ ...request(classifier, { epochs: 2 }), runFolder: folder() });
    const again = tinyClassifier();
    const found = await steps({ ...request(again, { epochs: 2 }), runFolder: folder(), resume: true });
    expect(found).toEqual([]);
    expect(bits(again)).toBe(bits(classifier));
  });

  it('says that something else computes than before, and goes on', async () => {
    const settings = { epochs: 2, learningRate: 0.1 };
    const begun = { ...request(tinyClassifier(), settings), computation: 'wasm' };
    await train({ ...begun, runFolder: folder(), ...stopAfter(2) });
    const warnings: string[] = [];
    const onEvent = (event: TrainEvent): unknown => event.type === 'warning' && warnings.push(event.message);
    const going = { ...request(tinyClassifier(), settings), runFolder: folder(), resume: true, onEvent };
    expect((await train({ ...going, computation: 'tensorflow' })).status).toBe('finished');
    expect(warnings).toEqual([
      expect.stringContaining('So far, wasm computed this training; it goes on with tensorflow.'),
    ]);
  });

  it('refuses another configuration, backbone, data set or list of classes, naming the difference', async () => {
    const settings = { epochs: 2, learningRate: 0.1 };
    await train({ ...request(tinyClassifier(), settings), runFolder: folder(), ...stopAfter(2) });
    const going = (part: Partial<TrainRequest>): Promise<unknown> =>
      train({ ...request(tinyClassifier(), settings), ...part, runFolder: folder(), resume: true });
    await expect(going({ seed: 2 })).rejects.toThrow(CheckpointError);
    await expect(going({ seed: 2 })).rejects.toThrow('differs in seed: 1 there, 2 here');
    const other = { ...trainSettings.parse(settings), learningRate: 0.2 };
    await expect(going({ settings: other })).rejects.toThrow('differs in train.learningRate: 0.1 there, 0.2 here');
    await expect(going({ dataset: tinyDataset(5, 'other') })).rejects.toThrow('differs in dataset');
    const backbone = tinyBackbone('another');
    await expect(going({ classifier: tinyClassifier({ backbone }) })).rejects.toThrow('differs in backbone');
    const renamed = tinyClassifier({ classNames: [...classNames.slice(0, 2), 'dog'] });
    await expect(going({ classifier: renamed })).rejects.toThrow('differs in classes.2: "cat" there, "dog" here');
  });
});
