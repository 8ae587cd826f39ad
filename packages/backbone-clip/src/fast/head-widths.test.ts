import * as tf from '@tensorflow/tfjs-core';
import { seededNormal, type PromptedText } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { PE_FORM } from '../clip-form.js';
import type { RandomClipOptions } from '../random-clip.js';
import { compare, outcomeOf } from './equality.test.support.js';

/** Widths of heads of released models: So400m 72, H/14 80, g/14 88, g-opt and PE-Core G/14 96, bigG/14 104. */
describe.each([72, 80, 88, 96, 104])('the fast path equals the plain path with heads of %i', (perHead) => {
  const tower = { width: 2 * perHead, layers: 2, heads: 2 };
  const clip: RandomClipOptions = {
    ...{ seed: perHead, embedding: 24, vocabulary: 50 },
    vision: { ...tower, imageSize: 8, patchSize: 4 },
    text: { ...tower, contextLength: 12 },
  };
  const pe: RandomClipOptions = { ...clip, form: PE_FORM, vision: { ...clip.vision, pooling: 'attention' } };
  const computation = { recompute: false, classChunk: 'all' } as const;

  it.each([
    ['a CLIP', clip],
    ['a PE-Core', pe],
  ])('of %s, for images', (_, options) => {
    compare(options, computation, (backbone) =>
      tf.tidy(() => {
        const prompts = [0, 1].map((i) => seededNormal([2, tower.width], 0.5, 3, `prompt ${i}`) as tf.Tensor2D);
        const images = seededNormal([2, 3, 8, 8], 1, 5, 'images') as tf.Tensor4D;
        return outcomeOf(prompts, ([shallow, deep]) => [
          backbone.encodeImages(images, { shallow: shallow!, deep: [deep!] }),
        ]);
      }),
    );
  });

  it('of a CLIP, for texts', () => {
    compare(clip, computation, (backbone) =>
      tf.tidy(() => {
        const [prefix, branches, deep] = [3, 5, 2].map((rows, i) =>
          seededNormal([rows, tower.width], 0.5, 3, `rows ${i}`),
        );
        return outcomeOf([prefix!, branches!, deep!], ([first, others, context]) => {
          const text = {
            ...{ prefix: first, branches: others, lengths: [2, 3], deep: [context] },
            roles: [4, 5].map((end) => ({ name: [], end })),
          } as unknown as PromptedText;
          const { features } = backbone.encodeText(text);
          expect(features.shape).toEqual([2, 24]);
          return [features];
        });
      }),
    );
  });
});
