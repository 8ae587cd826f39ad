import * as tf from '@tensorflow/tfjs-core';
import type { Observer, PromptedText, RecordedMoment, StepOutcome, TrainingStep } from '@promptweave/core';

/** Values by the names of the recorded files. */
export type Observations = Map<string, ArrayLike<number>>;

/** Rows of the assembled prompts that are recorded, and of which class. */
const RECORDED_ROWS = 16;
const RECORDED_CLASS = 2;

/** What every forward pass shows; `detailed` adds what is recorded for the first step alone. */
export function observeForward(step: TrainingStep, prefix: string, detailed: boolean): Observations {
  const seen: Observations = new Map();
  const put = (name: string, tensor: tf.Tensor) => seen.set(`${prefix}${name}`, tensor.dataSync());
  put('logits', step.logits);
  if (step.parts.needs.anchors) put('origin_logits', step.anchorLogits);
  const vision = step.prompts.vision;
  if (vision?.shallow) put('vision_prompts', tf.stack([vision.shallow, ...vision.deep]));
  if (!detailed) return seen;
  put('image_features', step.rawImageFeatures);
  const first = step.texts[0]!;
  put(
    'text_features',
    tf.stack(step.texts.map((pass) => tf.slice(pass.encoding.features, [0, 0], [step.classes, -1]))),
  );
  put('prompt_class2', promptOf(step, first.text));
  if (first.anchors) put('origin_text_features', first.anchors);
  return seen;
}

/** The loss of a step, and its cross-entropy. */
export function observeLosses({ total, terms }: Pick<StepOutcome, 'total' | 'terms'>, prefix: string): Observations {
  const seen: Observations = new Map([[`${prefix}loss_total`, [total]]]);
  const entropy = terms['cross-entropy'];
  if (entropy) seen.set(`${prefix}loss_ce`, [entropy.value]);
  return seen;
}

/** What the parts show at a moment, each name with the prefix before it where the recording has it so. */
export function observeParts(observers: readonly Observer[], moment: RecordedMoment, prefix: string): Observations {
  const seen: Observations = new Map();
  for (const observe of observers) {
    for (const [name, values] of Object.entries(observe(moment))) {
      if (!values) continue;
      const host = values instanceof tf.Tensor ? values.dataSync() : values;
      seen.set(name, host);
      seen.set(`${prefix}${name}`, host);
    }
  }
  return seen;
}

/** The first rows of one class's assembled prompt, padding included, without positions, [16, T]. */
function promptOf({ parts: { backbone } }: TrainingStep, text: PromptedText): tf.Tensor2D {
  const start = text.lengths.slice(0, RECORDED_CLASS).reduce((sum, length) => sum + length, 0);
  const branch = tf.slice(text.branches, [start, 0], [text.lengths[RECORDED_CLASS]!, -1]);
  const padding = backbone.embedTokens(new Array<number>(RECORDED_ROWS).fill(0));
  return tf.slice(tf.concat([text.prefix, branch, padding]), [0, 0], [RECORDED_ROWS, -1]);
}
