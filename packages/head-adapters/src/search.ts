import * as tf from '@tensorflow/tfjs-core';
import { cacheLogits, type Sharpness } from './tip-cache.js';

/** What a search looks at. */
export interface SearchRequest {
  /** Logits without the cache, [V, C]. */
  readonly clipLogits: tf.Tensor2D;
  /** Cosines of images and keys, [V, K]. */
  readonly affinity: tf.Tensor2D;
  /** One-hot classes of the keys, [K, C]. */
  readonly values: tf.Tensor2D;
  /** Classes of the images, [V]. */
  readonly labels: ArrayLike<number>;
  /** Upper ends for β and α. */
  readonly range: readonly [number, number];
  /** Numbers of values for β and α. */
  readonly steps: readonly [number, number];
}

/**
 * The α and β with the best accuracy on some images: β from 0.1 on in the outer loop, α in the inner one, each below the upper end; the
 * first best wins.
 */
export function searchSharpness({ clipLogits, affinity, values, labels, range, steps }: SearchRequest): Sharpness {
  const [betas, alphas] = range.map((end, i) =>
    Array.from({ length: steps[i]! }, (_, step) => (step * (end - 0.1)) / steps[i]! + 0.1),
  ) as [number[], number[]];
  const clip = clipLogits.dataSync();
  let best = -1;
  let found: Sharpness = { alpha: alphas[0]!, beta: betas[0]! };
  for (const beta of betas) {
    const cache = tf.tidy(() => cacheLogits(affinity, values, { alpha: 1, beta }).dataSync());
    for (const alpha of alphas) {
      const correct = countCorrect(clip, cache, alpha, labels);
      if (correct > best) [best, found] = [correct, { alpha, beta }];
    }
  }
  return found;
}

function countCorrect(
  clip: ArrayLike<number>,
  cache: ArrayLike<number>,
  alpha: number,
  labels: ArrayLike<number>,
): number {
  const classes = clip.length / labels.length;
  let correct = 0;
  for (let image = 0; image < labels.length; image++) {
    const start = image * classes;
    let [largest, at] = [-Infinity, 0];
    for (let c = 0; c < classes; c++) {
      const logit = Math.fround(clip[start + c]! + Math.fround(alpha * cache[start + c]!));
      if (logit > largest) [largest, at] = [logit, c];
    }
    if (at === labels[image]) correct += 1;
  }
  return correct;
}
