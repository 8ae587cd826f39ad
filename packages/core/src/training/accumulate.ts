import * as tf from '@tensorflow/tfjs-core';
import type { GradientRule } from '../contracts/gradient-rule.js';
import { TrainingError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';
import { hashSeed } from '../model/maths.js';
import { toDevice, type PreparedBatch } from './batches.js';

/** Mean outcome of some batches. */
export interface MeanOutcome {
  readonly loss: number;
  /** Each term before its weight. */
  readonly terms: Readonly<Record<string, number>>;
  readonly images: number;
  readonly correct: number;
  /** Mean gradients by variable name. The caller owns the tensors. */
  readonly gradients: Readonly<Record<string, tf.Tensor>>;
}

/**
 * Loss and gradients of the batches together: the mean of theirs.
 *
 * @param step counted from 1, for the message
 * @param seed of the training; what is random in a step hangs on it, on the step and on the place of the batch in it
 * @throws TrainingError where a loss is not finite
 */
export function meanGradients(
  classifier: Classifier,
  batches: readonly PreparedBatch[],
  step: number,
  learningRate: number,
  seed?: number,
): MeanOutcome {
  let gradients: Record<string, tf.Tensor> = {};
  let aside: Record<string, tf.Tensor> = {};
  const mean = { loss: 0, terms: {} as Record<string, number>, images: 0, correct: 0 };
  for (const [place, prepared] of batches.entries()) {
    const batch = toDevice(prepared, classifier.parts.backbone);
    const ofBatch = seed === undefined ? undefined : hashSeed(seed, `step ${step}, batch ${place}`);
    const outcome = classifier.gradients(batch, ofBatch);
    tf.dispose(Object.values(batch));
    if (!Number.isFinite(outcome.total)) {
      tf.dispose([gradients, aside, { ...outcome.gradients }, { ...outcome.aside }]);
      throw notFinite(outcome, step, learningRate);
    }
    mean.loss += outcome.total / batches.length;
    mean.images += prepared.items.length;
    mean.correct += outcome.correct;
    for (const [name, { value }] of Object.entries(outcome.terms)) {
      mean.terms[name] = (mean.terms[name] ?? 0) + value / batches.length;
    }
    const one = batches.length === 1;
    gradients = one ? { ...outcome.gradients } : sum(gradients, outcome.gradients, 1 / batches.length);
    aside = one ? { ...outcome.aside } : sum(aside, outcome.aside, 1 / batches.length);
  }
  return { ...mean, gradients: combined(classifier.parts.rule, gradients, aside) };
}

/** What the rule makes of the gradients of the total and of the terms aside, by name; disposes what it does not hand on. */
export function combined(
  rule: GradientRule,
  gradients: Readonly<Record<string, tf.Tensor>>,
  aside: Readonly<Record<string, tf.Tensor>>,
): Record<string, tf.Tensor> {
  const result = Object.fromEntries(
    Object.entries(gradients).map(([name, total]) => [name, tf.tidy(() => tf.clone(rule.combine(total, aside[name])))]),
  );
  tf.dispose([{ ...gradients }, { ...aside }]);
  return result;
}

/** total + scale · more, by name; disposes both. */
function sum(
  total: Readonly<Record<string, tf.Tensor>>,
  more: Readonly<Record<string, tf.Tensor>>,
  scale: number,
): Record<string, tf.Tensor> {
  const result = { ...total };
  for (const [name, gradient] of Object.entries(more)) {
    const former = result[name];
    result[name] = tf.tidy(() => {
      const scaled = tf.mul(gradient, scale);
      return former ? tf.add(former, scaled) : scaled;
    });
    tf.dispose([gradient, ...(former ? [former] : [])]);
  }
  return result;
}

function notFinite(
  outcome: { total: number; terms: Readonly<Record<string, { value: number; weight: number }>> },
  step: number,
  learningRate: number,
): TrainingError {
  const terms = Object.entries(outcome.terms).map(([name, { value, weight }]) => {
    return weight === 1 ? `${name} ${value}` : `${name} ${value} (weight ${weight})`;
  });
  const bad = Object.keys(outcome.terms).filter((name) => !Number.isFinite(outcome.terms[name]!.value));
  const remedy =
    step === 1
      ? `Nothing was trained before, so the learning rate is not to blame: look at what computes ${bad.join(' and ')} (npx promptweave plugins names its package), at the weights, or take it out of losses.`
      : 'Lower train.learningRate, or the weight of the term that is not finite.';
  return new TrainingError(
    `The loss of step ${step} is ${outcome.total}: ${terms.join(', ')}. The learning rate was ${learningRate}.`,
    { where: `step ${step}`, remedy },
  );
}
