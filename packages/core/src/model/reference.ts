import * as tf from '@tensorflow/tfjs-core';
import type { Backbone, TextEncoding, TextRequest } from '../contracts/backbone.js';
import type { PromptedText } from '../contracts/prompts.js';
import { FrozenLabels } from '../builtin/frozen-labels.js';
import { assembleText } from './assemble-text.js';
import { templateTokens } from './template-tokens.js';

/** The frozen CLIP's view of the class names in a hand-crafted template. */
export interface Reference {
  readonly text: PromptedText;
  readonly encoding: TextEncoding;
}

/** Encodes the hand-crafted prompts of all classes. Call within `tf.tidy` and keep what is needed. */
export function encodeReference(
  backbone: Backbone,
  classNames: readonly string[],
  template: string,
  request?: TextRequest,
): Reference {
  const labels = new FrozenLabels(backbone, classNames);
  const text = assembleText(backbone, {
    template: templateTokens(backbone.tokenizer, template),
    labels: labels.labels(),
  });
  labels.dispose();
  return { text, encoding: backbone.encodeText(text, request) };
}

/** Keeps a tensor beyond the current `tidy`. */
export function keepCopy<T extends tf.Tensor>(tensor: T): T {
  return tf.keep(tf.clone(tensor)) as T;
}
