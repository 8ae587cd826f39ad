import * as tf from '@tensorflow/tfjs-core';
import type { PartContext } from '../contracts/parts.js';
import type { TemplateTokens } from '../contracts/prompts.js';
import { ConfigError } from '../errors.js';
import { seededNormal } from './maths.js';

/** Where a learned context starts, and the words around the class name. */
export interface ContextStart {
  /** Start values, [n, T]. The caller owns the tensor. */
  readonly vectors: tf.Tensor2D;
  /** The words and the full stop around the name, for `PromptLearner.template`. */
  readonly template: TemplateTokens;
}

/**
 * Start values of n context vectors: the embeddings of the first n of the given words, or N(0, 0.02²) where there are no
 * words. Words beyond the first n stay in the prompt, frozen (MaPLe and COMMA learn 2 of the 4 words "a photo of a").
 *
 * @param how name of the variable, and whether zeros stand before words that are fewer than n (ProGrad) instead of an error
 * @throws ConfigError where there are words, but fewer than n.
 */
export function startContext(
  context: PartContext,
  words: string,
  n: number,
  how: string | { readonly variable: string; readonly zerosBefore?: boolean },
): ContextStart {
  const { variable, zerosBefore = false } = typeof how === 'string' ? { variable: how } : how;
  const { backbone, seed } = context;
  const after = backbone.tokenizer.encode('.');
  const before = words === '' ? [] : backbone.tokenizer.encode(words.replaceAll('_', ' '));
  if (words === '') {
    const vectors = seededNormal([n, backbone.shape.text.width], 0.02, seed, variable) as tf.Tensor2D;
    return { vectors, template: { before, after } };
  }
  if (before.length < n && zerosBefore) {
    const missing = n - before.length;
    const vectors = tf.tidy(
      () =>
        tf.pad(backbone.embedTokens(before), [
          [missing, 0],
          [0, 0],
        ]) as tf.Tensor2D,
    );
    const { endId } = backbone.tokenizer; // a place in the prompt alone: its vectors take the place of these
    return { vectors, template: { before: [...new Array<number>(missing).fill(endId), ...before], after } };
  }
  if (before.length < n) {
    throw new ConfigError(
      `"${words}" has ${before.length} tokens, fewer than the ${n} context vectors to start from them.`,
      {
        where: 'prompt.contextInit',
        remedy: `Give at least ${n} words, set prompt.contextLength to ${before.length}, or leave the words empty.`,
        change: `prompt.contextLength=${before.length}`,
      },
    );
  }
  return { vectors: backbone.embedTokens(before.slice(0, n)), template: { before, after } };
}
