import * as tf from '@tensorflow/tfjs-core';
import { cosineLogits, normalise, type FixtureDescription, type Observer } from '@promptweave/core';

/** What recorded runs of ProGrad have besides: both gradients and their cosine, and what the teacher says. */
export function progradObserver({ template }: FixtureDescription): Observer {
  return ({ at, step, outcome }) => {
    const { frozenImageFeatures, parts } = step;
    const texts = normalise(step.reference(template!).encoding.features);
    const shown = {
      origin_text_features: texts,
      zero_shot_logits: cosineLogits(normalise(frozenImageFeatures), texts, parts.backbone.logitScale),
    };
    if (at !== 'step' || !outcome) return shown;
    const { gradients, aside, terms } = outcome;
    const [a, b] = [gradients['ctx']!, aside['ctx']!];
    return {
      ...shown,
      loss_kl: [terms['prograd/teacher']!.value],
      gradient_ce: a,
      gradient_kl: b,
      gradient_cosine: tf.div(tf.sum(tf.mul(a, b)), tf.mul(tf.norm(a), tf.norm(b))),
    };
  };
}
