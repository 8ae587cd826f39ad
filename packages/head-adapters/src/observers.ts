import * as tf from '@tensorflow/tfjs-core';
import { normalise, type FixtureDescription, type Observer, type TrainingStep } from '@promptweave/core';
import type { ClipAdapterHead } from './clip-adapter-head.js';
import type { TaskResHead } from './taskres-head.js';
import type { TipAdapterHead } from './tip-adapter-head.js';
import type { Sharpness } from './tip-cache.js';

/** What recorded runs of TaskRes have: the base, and the classifiers before normalisation. */
export const taskresObserver: Observer = ({ at, step }) => {
  const head = step.parts.head as TaskResHead;
  const weights = head.weights({ rawTexts: step.texts[0]!.raw });
  // Residuals are 0 at the start.
  return at === 'start' ? { base_text_features: weights } : at === 'step' ? { text_features: weights } : {};
};

/** What recorded runs of CLIP-Adapter have: the output of the adapter. */
export const clipAdapterObserver: Observer = ({ at, step }) =>
  at === 'step' ? { adapter_output: (step.parts.head as ClipAdapterHead).adapted(step.rawImageFeatures) } : {};

/** Recorded batches that stand for the validation images. */
const VALIDATION = [5, 6];

/** What recorded runs of Tip-Adapter have: the cache, and logits and searches without training and after it. */
export const tipAdapterObserver =
  ({ hyper }: FixtureDescription): Observer =>
  ({ at, step, material, pass }) => {
    if (at !== 'start' && at !== 'end') return {};
    const head = step.parts.head as TipAdapterHead;
    const { logitScale } = step.parts.backbone;
    const texts = step.texts[0]!.features;
    const inputOf = (passes: readonly TrainingStep[]) => {
      const rawImages: tf.Tensor2D = tf.concat(passes.map((one) => one.rawImageFeatures));
      return { rawImages, images: normalise(rawImages), texts, logitScale };
    };
    const test = inputOf([pass(1)]);
    const ofValidation = VALIDATION.map(pass);
    const validation = inputOf(ofValidation);
    const labels = tf.concat(ofValidation.map((one) => one.labels)).dataSync();
    const { alpha, beta }: Sharpness = head.search(validation, labels);
    const searched = {
      best_beta_alpha: [beta, alpha],
      tip_searched_logits_batch1: head.weighed(test, { alpha, beta }),
    };
    const named = (prefix: string, all: Readonly<Record<string, tf.Tensor | number[]>>) =>
      Object.fromEntries(Object.entries(all).map(([name, value]) => [`${prefix}/${name}`, value]));
    if (at === 'end') return named('trained', searched);
    const shown = head.shown(test);
    return {
      ...named('training_free', {
        ...searched,
        clip_logits_batch1: head.clipLogits(test),
        clip_logits_batch5and6: head.clipLogits(validation),
        tip_logits_batch5and6: head.weighed(validation, { alpha: Number(hyper.alpha), beta: Number(hyper.beta) }),
      }),
      cache_features: tf.stack([...material!.train.views]),
      cache_keys: tf.transpose(shown.keys),
      cache_values: shown.values,
      clip_weights: tf.transpose(shown.texts),
    };
  };
