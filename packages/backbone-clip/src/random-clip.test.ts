import * as tf from '@tensorflow/tfjs-core';
import { encodeReference, FrozenLabels } from '@promptweave/core/experiment';
import { describe, expect, it } from 'vitest';
import type { ClipTensors } from './clip-weights.js';
import { randomClip } from './random-clip.js';
import { randomTokenizer } from './random-tokenizer.js';

const tiny = {
  vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
  text: { width: 24, layers: 3, heads: 3, contextLength: 20 },
  embedding: 16,
  vocabulary: 300,
};

function features(seed: number): number[] {
  const backbone = randomClip({ seed, ...tiny });
  const labels = new FrozenLabels(backbone, ['goldfish', 'cat']);
  const values = tf.tidy(() => {
    const images = tf.randomUniform([2, 3, 16, 16], -1, 1, 'float32', 5) as tf.Tensor4D;
    const text = encodeReference({ backbone, aligner: labels }, 'a photo of a {}.').encoding.features;
    return [...tf.concat([text, backbone.encodeImages(images)]).dataSync()];
  });
  labels.dispose();
  backbone.dispose();
  return values;
}

describe('a random CLIP', () => {
  it('is determined by its seed', () => {
    expect(features(1)).toEqual(features(1));
    expect(features(1)).not.toEqual(features(2));
  });

  it('has the scales that CLIP starts from', () => {
    const backbone = randomClip({ seed: 3, ...tiny, logitScale: 20 }, { fast: false, recompute: false });
    const tensors = backbone.weights as ClipTensors; // the plain path keeps them as they came
    const spread = (x: tf.Tensor) => tf.tidy(() => tf.sqrt(tf.moments(x).variance).dataSync()[0]!);
    expect(backbone.logitScale).toBeCloseTo(20, 4);
    expect(backbone.shape).toEqual({ vision: tiny.vision, text: tiny.text, embedding: 16 });
    expect(tensors.text.tokens.whole!.shape).toEqual([300, 24]);
    expect(spread(tensors.text.tokens.whole!)).toBeCloseTo(0.02, 3);
    expect(spread(tensors.text.blocks[1]!.inputProjection.weight) * Math.sqrt(24)).toBeCloseTo(1, 1);
    expect(spread(tensors.vision.blocks[0]!.down.weight) * Math.sqrt(32 * 4)).toBeCloseTo(1, 1);
    expect(tensors.vision.blocks).toHaveLength(2);
    backbone.dispose();
  });

  it('frees everything', () => {
    const before = tf.memory().numTensors;
    features(4);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives names of several tokens and never a reserved one', () => {
    const tokenizer = randomTokenizer(300);
    expect([tokenizer.startId, tokenizer.endId]).toEqual([298, 299]);
    expect(tokenizer.encode('Goldfish, cat.')).toHaveLength(5);
    expect(tokenizer.decode(tokenizer.encode('Goldfish, cat.'))).toBe('goldf ish , cat . ');
    const ids = Array.from({ length: 2000 }, (_, i) => tokenizer.encode(`w${i}`)[0]!);
    expect(Math.min(...ids)).toBeGreaterThan(0);
    expect(Math.max(...ids)).toBeLessThan(298);
  });
});
