import * as tf from '@tensorflow/tfjs-core';
import type { TextRequest } from '../contracts/backbone.js';
import type { PromptedText } from '../contracts/prompts.js';
import type { Reference } from '../contracts/step.js';
import type { TowerTuning } from '../contracts/tuning.js';
import { ConfigError } from '../errors.js';
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

/** Sentences that are encoded together. */
const TOGETHER = 500;

/**
 * Features of whole sentences, before normalisation, [sentences, E]; by the frozen tower, where that was not done before.
 * @param tuning of the text tower, which then computes with what was learned within it
 */
export function encodeSentences(
  { backbone, texts }: Pick<ClassifierParts, 'backbone' | 'texts'>,
  sentences: readonly string[],
  tuning?: TowerTuning,
): tf.Tensor2D {
  const { tokenizer, shape } = backbone;
  return tf.tidy(() => {
    const chunks: tf.Tensor2D[] = [];
    for (let from = 0; from < sentences.length; from += TOGETHER) {
      const rows = sentences.slice(from, from + TOGETHER).map((sentence) => {
        const ids = [...tokenizer.encode(sentence), tokenizer.endId];
        if (1 + ids.length <= shape.text.contextLength) return ids;
        throw new ConfigError(
          `The sentence "${sentence}" has ${1 + ids.length} tokens, but the text tower takes ${shape.text.contextLength}.`,
          { where: 'text', remedy: 'Shorten the sentence.' },
        );
      });
      const lengths = rows.map((ids) => ids.length);
      const text: PromptedText = {
        prefix: backbone.embedTokens([tokenizer.startId]),
        branches: backbone.embedTokens(rows.flat()),
        ...{ lengths, deep: [] },
        roles: lengths.map((length) => ({ name: [], end: length })),
      };
      const { features } = tuning
        ? backbone.encodeText(text, { tuning })
        : frozenText(backbone, texts).encodeText(text);
      chunks.push(tf.clone(features));
    }
    return tf.concat(chunks, 0);
  });
}
