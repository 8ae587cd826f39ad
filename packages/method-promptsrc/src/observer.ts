import * as tf from '@tensorflow/tfjs-core';
import { cosineLogits, normalise, type FixtureDescription, type Observer } from '@promptweave/core';

/** Recorded names of the terms, which are recorded with their weights. */
const NAMES = {
  'promptsrc/text': 'loss_scl_text',
  'promptsrc/image': 'loss_scl_image',
  'promptsrc/logits': 'loss_scl_logits',
} as const;
/** The class whose features are recorded for each template. */
const RECORDED_CLASS = 2;

/** What recorded runs of PromptSRC have besides: terms, and what the teacher says. */
export function promptsrcObserver({ templates = [] }: FixtureDescription): Observer {
  let texts: { readonly mean: Float32Array; readonly ofClass: Float32Array } | undefined;
  return ({ step, outcome }) => {
    const terms = Object.entries(NAMES).flatMap(([term, name]) => {
      const found = outcome?.terms[term];
      return found ? [[name, [found.weight * found.value]] as const] : [];
    });
    const { frozenImageFeatures, classes, parts } = step;
    texts ??= tf.tidy(() => {
      const all = tf.stack(templates.map((template) => step.reference(template).encoding.features)); // [K, C, E]
      return {
        mean: tf.mean(all, 0).dataSync() as Float32Array,
        ofClass: tf.slice(all, [0, RECORDED_CLASS, 0], [-1, 1, -1]).dataSync() as Float32Array,
      };
    });
    const teacher = normalise(tf.tensor2d(texts.mean, [classes, parts.backbone.shape.embedding]));
    return {
      ...Object.fromEntries(terms),
      zero_shot_image_features: frozenImageFeatures,
      zero_shot_logits: cosineLogits(normalise(frozenImageFeatures), teacher, parts.backbone.logitScale),
      teacher_text_features: texts.mean,
      teacher_text_features_per_template_class2: texts.ofClass,
      gpa_frozen_drift: [0], // nothing frozen is averaged
    };
  };
}
