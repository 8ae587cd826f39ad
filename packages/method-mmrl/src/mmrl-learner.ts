import type * as tf from '@tensorflow/tfjs-core';
import type { z } from 'zod';
import {
  ConfigError,
  disposeVariables,
  linearOf,
  linearStart,
  seededNormal,
  templateTokens,
  variablesFrom,
  type LearnedPrompts,
  type NamedVariables,
  type PartContext,
  type PromptLearner,
  type TemplateTokens,
} from '@promptweave/core';
import type { learnerOptions } from './options.js';

const TOKENS = 'compound_rep_tokens';

/**
 * MMRL's tokens (arXiv 2503.08497, section 3.2): rows of one space, which a linear layer for each tower and layer turns into rows that are put in
 * after the first token.
 */
export class MmrlLearner implements PromptLearner {
  readonly variables: NamedVariables;
  readonly template: TemplateTokens;
  private readonly layers: number;

  /** @throws ConfigError where a tower has no such layer */
  constructor(
    context: PartContext,
    private readonly options: z.output<typeof learnerOptions>,
  ) {
    const { backbone, seed } = context;
    const { text, vision } = backbone.shape;
    const { tokens, width, first, last } = options;
    const most = Math.min(text.layers, vision.layers);
    if (first > last || last > most) {
      throw new ConfigError(
        `The tokens are to enter layers ${first} to ${last}, and the towers have layers 1 to ${most}.`,
        {
          where: 'prompt.last',
          remedy: `Set prompt.first and prompt.last to layers from 2 to ${most}.`,
        },
      );
    }
    this.layers = last - first + 1;
    this.template = templateTokens(backbone.tokenizer, options.template ?? context.template);
    const start: Record<string, tf.Tensor> = { [TOKENS]: seededNormal([tokens, width], 0.02, seed, TOKENS) };
    for (const [name, outputs] of [
      ['r2vproj', vision.width],
      ['r2tproj', text.width],
    ] as const) {
      // All layers of a tower start alike.
      for (let j = 0; j < this.layers; j++) {
        Object.assign(start, linearStart(`${TOKENS}_${name}.${j}`, width, outputs, seed, `${TOKENS}_${name}`));
      }
    }
    this.variables = variablesFrom(start);
  }

  prompts(): LearnedPrompts {
    const tokens = this.variables[TOKENS] as tf.Variable<tf.Rank.R2>;
    const block = this.options.first - 1;
    const rowsOf = (name: string): tf.Tensor2D[] =>
      Array.from({ length: this.layers }, (_, j) => linearOf(this.variables, `${TOKENS}_${name}.${j}`, tokens)); // [K, width]
    return {
      insertedText: { block, rows: rowsOf('r2tproj') },
      vision: { deep: [], inserted: { block, rows: rowsOf('r2vproj') } },
    };
  }

  dispose(): void {
    disposeVariables(this.variables);
  }
}
