import * as tf from '@tensorflow/tfjs-core';
import { TextBase, type PartContext, type TextBaseChoice } from '@promptweave/core';
import { teacherTemplates } from './templates.js';

/** How the teacher's text features are made: of templates, by default {@link teacherTemplates}, or of descriptions. */
export interface TeacherOptions extends Pick<TextBaseChoice, 'templates' | 'descriptions'> {
  readonly mean: 'raw' | 'directions';
}

/** Features by the parts' context: the terms of one classifier share them. */
const known = new WeakMap<PartContext, Map<string, Float32Array>>();

/**
 * What the teacher says of classes.
 * @param loss that asks, for messages
 * @throws ConfigError where a class has no description, or their file cannot be read
 */
export function teacherBase(context: PartContext, options: TeacherOptions, loss: string): TextBase {
  const base = new TextBase(context, options, options.mean, teacherTemplates, `${loss}.descriptions`);
  base.sentences(context.classNames);
  return base;
}

/** The mean over templates or descriptions of the frozen features, before normalisation, [C, E]. The caller owns the tensor. */
export function teacherTexts(context: PartContext, options: TeacherOptions, base: TextBase): tf.Tensor2D {
  const ofContext = known.get(context) ?? new Map<string, Float32Array>();
  known.set(context, ofContext);
  const key = JSON.stringify([options.mean, options.templates, options.descriptions]);
  const { classNames, backbone } = context;
  const values = ofContext.get(key) ?? (tf.tidy(() => base.features(classNames).dataSync()) as Float32Array);
  ofContext.set(key, values);
  return tf.tensor2d(values, [classNames.length, backbone.shape.embedding]);
}
