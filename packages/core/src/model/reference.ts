import * as tf from '@tensorflow/tfjs-core';
import type { Backbone, TextEncoding, TextRequest } from '../contracts/backbone.js';
import type { LabelAligner } from '../contracts/parts.js';
import type { PromptedText } from '../contracts/prompts.js';
import { assembleText } from './assemble-text.js';
import { templateTokens } from './template-tokens.js';

/** The frozen CLIP's view of the class names in a hand-crafted template. */
export interface Reference {
  readonly text: PromptedText;
  readonly encoding: TextEncoding;
}

/** Encodes the hand-crafted prompts of an aligner's classes, untrained. Call within `tf.tidy` and keep what is needed. */
export function encodeReference(
  backbone: Backbone,
  aligner: LabelAligner,
  template: string,
  request?: TextRequest,
): Reference {
  const text = assembleText(backbone, {
    template: templateTokens(backbone.tokenizer, template),
    labels: aligner.anchors(),
    classNames: aligner.classNames,
  });
  return { text, encoding: backbone.encodeText(text, request) };
}

/** Keeps a tensor beyond the current `tidy`. */
export function keepCopy<T extends tf.Tensor>(tensor: T): T {
  return tf.keep(tf.clone(tensor)) as T;
}
