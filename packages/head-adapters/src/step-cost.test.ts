import * as tf from '@tensorflow/tfjs-core';
import type { Backbone } from '@promptweave/core';
import { createOptimizer } from '@promptweave/core/experiment';
import { compose, composed, contextOf } from '@promptweave/core/testing';
import { expect, it } from 'vitest';
import { clipAdapter, taskres } from './plugin.js';

const WIDTH = 8;

/** Counts text passes; images it has none. */
function countingBackbone(): Backbone & { texts: number } {
  return {
    name: 'counting',
    digest: 'counting',
    texts: 0,
    shape: {
      vision: { width: WIDTH, layers: 1, heads: 1, imageSize: 2, patchSize: 1 },
      text: { width: WIDTH, layers: 1, heads: 1, contextLength: 24 },
      embedding: WIDTH,
    },
    tokenizer: {
      startId: 1,
      endId: 2,
      encode: (text) => (text.match(/\w+/g) ?? []).map((word) => 3 + word.length),
      decode: String,
    },
    preprocessing: { resize: 'shortest', interpolation: 'bicubic', size: 2, mean: [0, 0, 0], std: [1, 1, 1] },
    logitScale: 10,
    embedTokens: (ids) => tf.tensor2d(ids.map((id) => Array.from({ length: WIDTH }, (_, i) => Math.sin(id * (i + 1))))),
    encodeText({ branches, lengths }) {
      this.texts += 1;
      const sums = tf.split(branches, [...lengths], 0).map((rows) => tf.sum(rows, 0, true));
      return { features: tf.concat(sums) as tf.Tensor2D, kept: 0, rows: () => tf.zeros([0, WIDTH]) };
    },
    encodeImages: () => {
      throw new Error('Features are stored.');
    },
    dispose: () => undefined,
  };
}

// 165 and 190 with tfjs's own norm, cross-entropy and rectifier and masks made on the device; all steps of a training on stored features are such operations.
it.each([
  [taskres, 56],
  [clipAdapter, 80],
])(
  'a step on stored features: $name has few operations, reads few numbers and encodes no text',
  async (plugin, most) => {
    const backbone = countingBackbone();
    const classifier = compose(contextOf(backbone), { head: { plugin } });
    const optimizer = createOptimizer({
      ...{ optimizer: 'adam', momentum: 0, weightDecay: 5e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    });
    const batch = {
      features: tf.randomNormal<tf.Rank.R2>([6, WIDTH]),
      labels: tf.tensor1d([0, 1, 2, 3, 0, 1], 'int32'),
    };
    const step = (): void => {
      const { gradients } = classifier.gradients(batch);
      optimizer.apply(classifier.variables, gradients, 0.01);
      tf.dispose({ ...gradients });
    };
    step();
    expect(backbone.texts).toBe(1);
    const { kernels } = await composed(() => tf.profile(step));
    expect(backbone.texts).toBe(1);
    const computing = kernels.filter(({ name }) => name !== 'Identity' && !/forward|__op/.test(name));
    expect(computing.length).toBeLessThan(most);
    tf.dispose(batch);
    optimizer.dispose();
    classifier.dispose();
  },
);
