import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { CheckpointError, ConfigError, openRun, train } from '../index.js';
import { folder, useShapes } from '../testing/shapes.test.support.js';
import { exportRun } from './export-run.js';

useShapes();

const run = join(folder, 'run');
const images = ['circle', 'square', 'triangle'].map((shape) => join(folder, 'shapes', shape, '3.png'));
const request = { to: 'bundle', precision: 'float32', input: 'rgb' } as const;
const configurationOf = (prompt: object) => ({
  dataset: { use: 'folder', path: 'shapes', shots: 'all' as const },
  backbone: { use: 'clip', checkpoint: 'icons' },
  prompt,
  labels: 'lamm',
  train: { epochs: 1, batch: 4, learningRate: 0.01 },
});

beforeAll(async () => {
  const prompt = { use: 'maple', depth: 3 };
  await train(configurationOf(prompt) as never, { folder: run, configurationFolder: folder });
});

it.each(['float32', 'float16'] as const)(
  'a bundle of %s answers as its run, and leaves no tensor',
  async (precision) => {
    const before = tf.memory().numTensors;
    const out = join(folder, `${precision}.safetensors`);
    const { classNames } = await exportRun(run, { ...request, precision, out }, {});
    const [model, exported] = [await openRun(run), await openRun(out)];
    expect(exported.classes).toEqual(classNames);
    const options = { score: 'similarity', top: 3 } as const;
    const [expected, answers] = [await model.predict(images, options), await exported.predict(images, options)];
    answers.forEach((ofImage, i) =>
      ofImage.forEach((answer, k) => {
        const { label, logit, similarity } = expected[i]![k]!;
        expect(answer.label).toBe(label);
        expect(Math.abs(answer.logit - logit)).toBeLessThan(precision === 'float32' ? 1e-4 : 0.05);
        expect(Math.abs(answer.similarity! - similarity!)).toBeLessThan(1e-3);
      }),
    );
    await expect(exported.embedTexts(['a circle'])).rejects.toThrow(ConfigError);
    await model.close();
    await exported.close();
    expect(tf.memory().numTensors).toBe(before);
  },
);

it('says what is wrong with a place, a prompt or a damaged file', async () => {
  const missing = join(folder, 'nowhere/it.onnx');
  await expect(exportRun(run, { ...request, to: 'onnx', out: missing }, {})).rejects.toThrow(CheckpointError);
  const out = join(folder, 'whole.safetensors');
  await exportRun(run, { ...request, out }, {});
  const damaged = join(folder, 'damaged.safetensors');
  const bytes = readFileSync(out);
  writeFileSync(damaged, bytes.subarray(0, bytes.length - 10));
  await expect(openRun(damaged)).rejects.toThrow(CheckpointError);
  const text = bytes.toString('latin1').replace('"promptweave-model":"{', '"promptweave-model":"[');
  writeFileSync(damaged, Buffer.from(text, 'latin1'));
  await expect(openRun(damaged)).rejects.toThrow(/not JSON/);
});
