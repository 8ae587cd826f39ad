// A prompt learner of somebody else: context words that stay, and a learned change of low rank beside them.
import { definePlugin, disposeVariables, seededNormal, startContext, variablesFrom } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const options = z.strictObject({
  words: z.string().default('a photo of a').describe('Words that the context starts from.'),
  rank: z.int().min(1).max(8).default(1).describe('Rank r of the change.'),
});

class LowRankLearner {
  constructor(context, { words, rank }) {
    const n = context.backbone.tokenizer.encode(words).length;
    const { vectors, template } = startContext(context, words, n, 'words');
    this.template = template;
    this.words = vectors; // [n, T]
    const [, width] = vectors.shape;
    this.variables = variablesFrom({
      up: tf.zeros([n, rank]), // the change starts at zero
      down: seededNormal([rank, width], 0.02, context.seed, 'down'),
    });
  }

  prompts() {
    const vectors = tf.add(this.words, tf.matMul(this.variables.up, this.variables.down)); // [n, T]
    return { text: { vectors, scope: 'shared', namePosition: 'end', deep: [] } };
  }

  dispose() {
    disposeVariables(this.variables);
    this.words.dispose();
  }
}

export const plugins = [
  definePlugin({
    kind: 'prompt',
    name: 'low-rank',
    description: 'Words, and a learned change of low rank.',
    options,
    properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
    create: (context, chosen) => new LowRankLearner(context, chosen),
  }),
];
