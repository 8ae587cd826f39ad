import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { batchFor, compose, contextOf, describeTuning, jitter } from '@promptweave/core/testing';
import { expect, it } from 'vitest';
import { mma } from './plugin.js';

const backbone = (visionLayers = 2) =>
  randomClip({
    seed: 2,
    vision: { width: 16, layers: visionLayers, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 16, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeTuning(mma, {
  backbone: () => backbone(),
  options: [
    { start: 1, end: 2, dim: 4, scale: 0.1 },
    { start: 0, end: 1, dim: 3, scale: 0.3, gradients: 'loss' },
    { start: 0, end: 0, dim: 3, scale: 0.3 },
  ],
  startsAsFrozen: () => false,
  fixedStart: (name) => name.endsWith('.bias'),
  stoppedGradient: (name, { gradients }) => gradients === 'rescaled' && !name.includes('adapter.0.'),
});

it('learns in blocks as if s were 1, and lets the true gradient through', () => {
  const clip = backbone();
  const scale = 0.05;
  const [rescaled, plain] = (['rescaled', 'loss'] as const).map((gradients) => {
    const options = { start: 0, end: 2, dim: 4, scale, gradients };
    const classifier = compose(contextOf(clip), { tuning: { plugin: mma, options } });
    jitter(classifier.variables);
    const batch = batchFor(clip);
    const found = classifier.gradients(batch).gradients;
    const values = Object.fromEntries(Object.entries(found).map(([name, gradient]) => [name, gradient.dataSync()]));
    tf.dispose([Object.values(found), batch] as tf.TensorContainer);
    classifier.dispose();
    return values;
  });
  const norm = (values: ArrayLike<number>) => Math.hypot(...Array.from(values));
  for (const [name, values] of Object.entries(rescaled!)) {
    // What stands before the first block gets its gradient through all adapters, and that is the true one.
    const factor = name.includes('adapter.0.') ? 1 : 1 / scale;
    const difference = Array.from(values).map((value, i) => value - factor * plain![name]![i]!);
    expect(norm(difference), name).toBeLessThan(1e-4 * norm(values) + 1e-9);
  }
  clip.dispose();
});

it('finds the block of the deeper tower, or says which index has none', () => {
  const clip = backbone(4);
  const blocksOf = (options: object) => {
    const tuning = mma.create(contextOf(clip), mma.options.parse({ dim: 2, ...options }));
    const blocks: number[] = [];
    tf.tidy(() => void blocks.push(...Object.keys(tuning.towers().vision!.blocks).map(Number)));
    tuning.dispose();
    return blocks;
  };
  expect(blocksOf({ start: 1, end: 2 })).toEqual([0, 1]);
  expect(blocksOf({ start: 1, end: 2, depths: 'from the end' })).toEqual([2, 3]);
  expect(blocksOf({ start: 1, end: 2, depths: 'stretched' })).toEqual([1, 3]);
  expect(() => blocksOf({ start: 2, end: 3 })).toThrow(
    'Adapter index 3 belongs to block 3 of the text tower, which has 2',
  );
  expect(() => blocksOf({ start: 3, end: 2 })).toThrow('The last index, 2, is smaller than the first, 3.');
  clip.dispose();
});
