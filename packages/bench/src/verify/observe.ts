import * as tf from '@tensorflow/tfjs-core';
import { normalise, type PromptedText, type TextPass, type TrainingStep } from '@promptweave/core';
import type { Classifier, StepOutcome } from '@promptweave/core/experiment';
import type { FixtureRun } from './fixture-set.js';

/** Values by the names of the recorded files. */
export type Observations = Map<string, ArrayLike<number>>;

/** Rows of the assembled prompts and frozen states that are recorded. */
const RECORDED_ROWS = 16;
const RECORDED_CLASS = 2;

/** What a forward pass shows, under the recorded names; `detailed` adds what is recorded for the first step alone. */
export function observeForward(
  classifier: Classifier,
  run: FixtureRun,
  batch: { images: tf.Tensor4D; labels: tf.Tensor1D },
  prefix: string,
  detailed: boolean,
): Observations {
  const seen: Observations = new Map();
  const put = (name: string, tensor: tf.Tensor) => seen.set(`${prefix}${name}`, tensor.dataSync());
  tf.tidy(() => {
    const step = classifier.step(batch);
    put('logits', step.logits);
    if (step.parts.needs.anchors) put('origin_logits', step.anchorLogits);
    const vision = step.prompts.vision;
    if (vision?.shallow) put('vision_prompts', tf.stack([vision.shallow, ...vision.deep]));
    if (!detailed) return;
    put('image_features', step.rawImageFeatures);
    const first = step.texts[0]!;
    put(
      'text_features',
      tf.stack(step.texts.map((pass) => tf.slice(pass.encoding.features, [0, 0], [step.classes, -1]))),
    );
    put('prompt_class2', promptOf(classifier, first.text));
    if (first.anchors) put('origin_text_features', first.anchors);
    if (run.inputs.has('frozen_token_ids'))
      observeKnowledge(step, first, run.description.frozen_template!, seen, prefix);
  });
  return seen;
}

/** Loss values of a step under the recorded names. */
export function observeLosses({ total, terms }: Pick<StepOutcome, 'total' | 'terms'>, prefix: string): Observations {
  const seen: Observations = new Map([[`${prefix}loss_total`, [total]]]);
  const recorded: Record<string, string> = {
    'cross-entropy': 'loss_ce',
    'lamm/parameter': 'loss_parameter',
    'lamm/feature': 'loss_feature',
    'lamm/logits': 'loss_logits',
  };
  for (const [term, name] of Object.entries(recorded))
    if (terms[term]) seen.set(`${prefix}${name}`, [terms[term].value]);
  const perBlock = Object.entries(terms).flatMap(([name, { value }]) =>
    name.startsWith('comma/knowledge') ? value : [],
  );
  if (perBlock.length > 0) {
    seen.set(`${prefix}loss_kg_per_block`, perBlock);
    seen.set(`${prefix}loss_kg`, [perBlock.reduce((sum, value) => sum + value, 0) / perBlock.length]);
  }
  return seen;
}

/** The first rows of one class's assembled prompt, padding included, without positions, [16, T]. */
function promptOf({ parts: { backbone } }: Classifier, text: PromptedText): tf.Tensor2D {
  const start = text.lengths.slice(0, RECORDED_CLASS).reduce((sum, length) => sum + length, 0);
  const branch = tf.slice(text.branches, [start, 0], [text.lengths[RECORDED_CLASS]!, -1]);
  const padding = backbone.embedTokens(new Array<number>(RECORDED_ROWS).fill(0));
  return tf.slice(tf.concat([text.prefix, branch, padding]), [0, 0], [RECORDED_ROWS, -1]);
}

/** Cosines of learned and frozen states at every position, and the frozen states of one class. */
function observeKnowledge(
  step: TrainingStep,
  pass: TextPass,
  template: string,
  seen: Observations,
  prefix: string,
): void {
  const { backbone, learner, needs } = step.parts;
  const { contextLength } = backbone.shape.text;
  const blocks = needs.lateBlocks!;
  const { encoding } = step.reference(template, {
    blocks: learner.textBlocks,
    keepLast: blocks,
    paddedClasses: step.classes,
  });
  const everywhere = Array.from({ length: step.classes * contextLength }, (_, i) => ({
    class: Math.floor(i / contextLength),
    position: i % contextLength,
  }));
  const recorded = everywhere.filter((at) => at.class === RECORDED_CLASS && at.position < RECORDED_ROWS);
  const cosines: tf.Tensor[] = [];
  const states: tf.Tensor[] = [];
  for (let s = 0; s < blocks; s++) {
    const learned = normalise(pass.encoding.rows(s, everywhere));
    cosines.push(tf.sum(tf.mul(learned, normalise(encoding.rows(s, everywhere))), -1));
    states.push(normalise(encoding.rows(s, recorded)));
  }
  seen.set(`${prefix}kg_cos_map`, tf.stack(cosines).dataSync());
  seen.set('frozen_last_features_class2', tf.stack(states).dataSync());
}
