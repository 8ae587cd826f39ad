import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { PartContext } from '../contracts/parts.js';
import type { TrainingStep } from '../contracts/step.js';
import { sigmoidLoss } from './sigmoid-loss.js';

const logits = [
  [12, 3, -20],
  [-40, 15, 60],
];
const labels = [0, 2];

/** As SigLIP's paper has it, in 64 bits. */
function reference(scale: number, bias: number): number {
  const terms = logits.flatMap((row, i) =>
    row.map((logit, c) => Math.log1p(Math.exp((c === labels[i] ? -1 : 1) * (scale * logit + bias)))),
  );
  return terms.reduce((sum, term) => sum + term, 0) / logits.length;
}

function loss(options: object, backbone: object): number {
  const made = sigmoidLoss.create({ backbone } as PartContext, sigmoidLoss.options.parse(options));
  return tf.tidy(() => {
    const step = { logits: tf.tensor2d(logits), labels: tf.tensor1d(labels, 'int32'), classes: 3, batchSize: 2 };
    return made.terms(step as unknown as TrainingStep)[0]!.value.dataSync()[0]!;
  });
}

describe('sigmoid', () => {
  const siglip = { logitScale: 110, logitBias: -12.5 };
  const clip = { logitScale: 100 };
  it.each([
    [{}, siglip, 1, -12.5],
    [{ bias: -10 }, siglip, 1, -10],
    [{ bias: -10, scale: 10 }, clip, 0.1, -10],
    [{ bias: 0 }, clip, 1, 0],
  ])('%j is the loss of the paper', (options, backbone, scale, bias) => {
    const expected = reference(scale, bias);
    expect(Math.abs(loss(options, backbone) - expected)).toBeLessThan(1e-6 * Math.max(1, expected));
  });

  it('asks for a bias where the backbone has none', () => {
    expect(() => loss({}, clip)).toThrow(/no logit bias/);
  });
});
