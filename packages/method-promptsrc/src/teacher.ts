import * as tf from '@tensorflow/tfjs-core';
import { fillTemplate, normalise, type PartContext } from '@promptweave/core';
import { teacherTemplates } from './templates.js';

/** How the teacher's text features are made. */
export interface TeacherOptions {
  /** Default: {@link teacherTemplates}. */
  readonly templates?: readonly string[];
  readonly mean: 'raw' | 'directions';
}

/** Features by the parts' context: the terms of one classifier share them. */
const known = new WeakMap<PartContext, Map<string, Float32Array>>();

/**
 * The teacher's text features: the mean over the templates of the frozen features, before normalisation, [C, E]. The caller owns the
 * tensor.
 */
export function teacherTexts(context: PartContext, options: TeacherOptions): tf.Tensor2D {
  const ofContext = known.get(context) ?? new Map<string, Float32Array>();
  known.set(context, ofContext);
  const key = JSON.stringify([options.mean, options.templates]);
  const { embedding } = context.backbone.shape;
  const values = ofContext.get(key) ?? (tf.tidy(() => meanOf(context, options).dataSync()) as Float32Array);
  ofContext.set(key, values);
  return tf.tensor2d(values, [context.classNames.length, embedding]);
}

function meanOf(context: PartContext, { templates = teacherTemplates, mean }: TeacherOptions): tf.Tensor2D {
  const { classNames } = context;
  const sums = templates.map((template) => {
    const features = context.encodeSentences(classNames.map((name) => fillTemplate(template, name)));
    return mean === 'raw' ? features : normalise(features);
  });
  return tf.div(tf.addN(sums), templates.length);
}
