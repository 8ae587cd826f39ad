import * as tf from '@tensorflow/tfjs-core';
import type { TextEncoding, TextRequest } from '../contracts/backbone.js';
import type { PromptedText } from '../contracts/prompts.js';
import { assembleText } from './assemble-text.js';
import type { ClassifierParts } from './classifier.js';
import { frozenText } from './frozen-texts.js';
import { templateTokens } from './template-tokens.js';

/** The frozen CLIP's view of the class names in a hand-crafted template. */
export interface Reference {
  readonly text: PromptedText;
  readonly encoding: TextEncoding;
}

/**
 * Encodes the hand-crafted prompts of a classifier's classes, untrained, where that was not done before. Call within `tf.tidy` and keep
 * what is needed.
 */
export function encodeReference(
  { backbone, aligner, texts }: Pick<ClassifierParts, 'backbone' | 'aligner' | 'texts'>,
  template: string,
  request?: TextRequest,
): Reference {
  const text = assembleText(backbone, {
    template: templateTokens(backbone.tokenizer, template),
    labels: aligner.anchors(),
    classNames: aligner.classNames,
  });
  return { text, encoding: frozenText(backbone, texts).encodeText(text, request) };
}

/** Keeps a tensor beyond the current `tidy`. */
export function keepCopy<T extends tf.Tensor>(tensor: T): T {
  return tf.keep(tf.clone(tensor)) as T;
}
