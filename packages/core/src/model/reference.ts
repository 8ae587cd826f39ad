import type { TextRequest } from '../contracts/backbone.js';
import type { Reference } from '../contracts/step.js';
import { assembleText } from './assemble-text.js';
import type { ClassifierParts } from './classifier-parts.js';
import { frozenText } from './frozen-texts.js';
import { templateTokens } from './template-tokens.js';

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
