import * as tf from '@tensorflow/tfjs-core';
import { seededNormal } from '@promptweave/core';
import { expect, it } from 'vitest';
import type { BlockWeights } from '../clip-weights.js';
import { foldBlock, scalesOfInput, unfold } from './folded-weights.js';

const WIDTH = 8;

function weights(scales: tf.Tensor1D): BlockWeights {
  const linear = (input: number, output: number, name: string) => ({
    weight: seededNormal([input, output], 1, 3, `${name}.weight`) as tf.Tensor2D,
    bias: seededNormal([output], 1, 3, `${name}.bias`) as tf.Tensor1D,
  });
  const norm = () => ({
    weight: tf.clone(scales),
    bias: seededNormal([WIDTH], 1, 3, 'norm') as tf.Tensor1D,
    epsilon: 1e-5,
  });
  return {
    ...{ ln1: norm(), ln2: norm() },
    inputProjection: linear(WIDTH, 3 * WIDTH, 'input'),
    outputProjection: linear(WIDTH, WIDTH, 'output'),
    up: linear(WIDTH, 4 * WIDTH, 'up'),
    down: linear(4 * WIDTH, WIDTH, 'down'),
  };
}

it('what was folded comes out again, also where the scale of a layer norm is 0 or nearly', () => {
  tf.tidy(() => {
    const scales = tf.tensor1d([1, 0, -0.7, 1e-12, 2, 0.3, -1e-30, 0.051]);
    const original = weights(scales);
    const expected = tf.clone(original.inputProjection.weight);
    const folded = foldBlock(weights(scales), 2, 'quick-gelu');
    const factors = scalesOfInput(WIDTH, 2);
    const { weight, bias } = unfold(folded.ln1, folded.inputProjection, factors);
    const difference = (a: tf.Tensor, b: tf.Tensor) => tf.max(tf.abs(tf.sub(a, tf.mul(b, factors)))).dataSync()[0]!;
    expect(difference(weight, expected)).toBeLessThan(2e-6);
    expect(difference(bias, original.inputProjection.bias)).toBe(0);
    tf.dispose(folded as unknown as tf.TensorContainer);
  });
});
