import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostTensor, writeSafetensors } from '@promptweave/core';
import type { RunResult } from '@promptweave/core/experiment';

/** The folder of a finished run, as training writes it. */
export async function writeRunFolder(folder: string, accuracy = 0.75): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), 'prompt:\n  use: coop\nseed: 1\n');
  const learned = {
    ...{ format: 1, version: '0.1.0', classNames: ['cat', 'dog'], template: 'a photo of a {}.', folder: '.', step: 6 },
    backbone: { name: 'clip', digest: 'c1', visionWidth: 8, textWidth: 8, embedding: 4 },
    configuration: { prompt: { use: 'coop' } },
  };
  const tensors = new Map([['ctx', hostTensor(Float32Array.from([accuracy, 2]), [1, 2])]]);
  await writeSafetensors(join(folder, 'prompts.safetensors'), tensors, { promptweave: JSON.stringify(learned) });
  const classes = ['cat', 'dog'].map((name) => ({ name, images: 2, correct: 1, accuracy: 0.5 }));
  const result: RunResult = {
    format: 1,
    parameters: 2,
    training: { step: 6, steps: 6, epochs: 2, seconds: 1 },
    evaluations: {
      test: {
        ...{ images: 4, accuracy, topK: { 1: accuracy, 5: 1 }, macroF1: 0.5, expectedCalibrationError: 0.1, loss: 1 },
        ...{
          classes,
          confusion: [
            [1, 1],
            [1, 1],
          ],
        },
      },
    },
    evaluationSeconds: 1,
    provenance: {
      ...{ configuration: 'x', checkpoint: 'c1', dataset: 'd1', learned: 'l1', git: { commit: 'abc', changed: false } },
      ...{ versions: { node: '20' }, backend: 'cpu', platform: 'x', date: '2026-01-01T00:00:00.000Z' },
    },
  };
  writeFileSync(join(folder, 'result.json'), JSON.stringify(result));
}
