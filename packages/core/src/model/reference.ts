import * as tf from '@tensorflow/tfjs-core';
import type { Backbone, TextRequest } from '../contracts/backbone.js';
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

type Tower = Pick<ClassifierParts, 'backbone' | 'texts'>;

/**
 * Features of whole sentences, before normalisation, [sentences, E]; by the frozen tower, where that was not done before.
 * @param tuning of the text tower, which then computes with what was learned within it
 */
export function encodeSentences(tower: Tower, sentences: readonly string[], tuning?: TowerTuning): tf.Tensor2D {
  return inChunks(tower, sentences, tuning ? { tuning } : {}, ({ encoding }) => [tf.clone(encoding.features)])[0]!;
}

/**
 * Outputs of the last text steps at the end of whole sentences, before the final layer norm: one [sentences, T] for each of `keepLast` steps; by
 * the frozen tower, where that was not done before.
 */
export function sentenceStates(
  tower: Tower,
  sentences: readonly string[],
  request: Pick<TextRequest, 'blocks' | 'keepLast'>,
): tf.Tensor2D[] {
  return inChunks(tower, sentences, request, ({ encoding, text }) => {
    const ends = text.roles.map(({ end }, sentence) => ({ class: sentence, position: end }));
    return Array.from({ length: request.keepLast ?? 0 }, (_, step) => encoding.rows(step, ends));
  });
}

/** What is read of some sentences at a time, put together. */
function inChunks(
  { backbone, texts }: Tower,
  sentences: readonly string[],
  request: TextRequest,
  read: (reference: Reference) => tf.Tensor2D[],
): tf.Tensor2D[] {
  return tf.tidy(() => {
    const chunks: tf.Tensor2D[][] = [];
    for (let from = 0; from < sentences.length; from += TOGETHER) {
      const text = textOf(backbone, sentences.slice(from, from + TOGETHER));
      const tower = request.tuning ? backbone : frozenText(backbone, texts);
      chunks.push(tf.tidy(() => read({ text, encoding: tower.encodeText(text, request) })));
    }
    return chunks[0]!.map((_, i) => tf.concat(chunks.map((chunk) => chunk[i]!)));
  });
}

/** @throws ConfigError where a sentence is too long */
function textOf(backbone: Backbone, sentences: readonly string[]): PromptedText {
  const { tokenizer, shape } = backbone;
  const { contextLength, reads } = shape.text;
  const start = tokenizer.startId === undefined ? [] : [tokenizer.startId];
  const rows = sentences.map((sentence) => {
    const ids = [...tokenizer.encode(sentence), tokenizer.endId];
    if (start.length + ids.length <= contextLength) return ids;
    throw new ConfigError(
      `The sentence "${sentence}" has ${start.length + ids.length} tokens, but the text tower takes ${contextLength}.`,
      { where: 'text', remedy: 'Shorten the sentence.' },
    );
  });
  const lengths = rows.map((ids) => ids.length);
  return {
    prefix: start.length > 0 ? backbone.embedTokens(start) : tf.zeros([0, shape.text.width]),
    branches: backbone.embedTokens(rows.flat()),
    ...{ lengths, deep: [] },
    roles: lengths.map((length) => ({
      name: [],
      end: reads === 'last' ? contextLength - 1 : start.length + length - 1,
    })),
  };
}
