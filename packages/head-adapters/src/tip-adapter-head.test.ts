import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { contextOf } from '@promptweave/core/testing';
import { expect, it } from 'vitest';
import { tipAdapter } from './plugin.js';

it('reads what is compared by name: its values may be getters, as those of an evaluation are', async () => {
  const backbone = randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });
  const head = await tipAdapter.create(contextOf(backbone), tipAdapter.options.parse({ views: 0 }));
  const count = head.classNames.length;
  const rows = tf.randomNormal<tf.Rank.R2>([count, 16], 0, 1, 'float32', 3);
  const normalised = tf.div<tf.Tensor2D>(rows, tf.norm(rows, 'euclidean', 1, true));
  class Input {
    readonly training = false;
    readonly logitScale = 10;
    readonly rawTexts = rows;
    readonly rawImages = rows;
    readonly cosineLogits = rows;
    get images() {
      return normalised;
    }
    get texts() {
      return normalised;
    }
  }
  const logits = head.logits(new Input());
  expect(Array.from(tf.argMax(logits, 1).dataSync())).toEqual(Array.from({ length: count }, (_, i) => i));
  head.dispose();
  backbone.dispose();
});
