import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import {
  definePlugin,
  disposeVariables,
  seededNormal,
  templateTokens,
  variablesFrom,
  type Backbone,
  type PromptLearner,
  type PromptPlugin,
} from '@promptweave/core';
import { handCraftedPrompt } from '@promptweave/core/experiment';
import { checkPromptLearner, ConformanceError, describePromptLearner, probeLearner } from '@promptweave/core/testing';
import { describe, expect, it } from 'vitest';
import { backbone, failure } from './faulty-parts.test.support.js';

/** A learner as a stranger might write it: `length` context vectors, scaled by a learned gain. */
const gainLearner: PromptPlugin = definePlugin({
  kind: 'prompt',
  name: 'gain',
  description: 'Context vectors with a learned gain.',
  options: z.strictObject({ length: z.int().min(1).max(8).default(2).describe('Number of vectors.') }),
  properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
  create: ({ backbone: { shape, tokenizer }, seed }, { length }): PromptLearner => {
    const variables = variablesFrom({
      vectors: seededNormal([length, shape.text.width], 0.1, seed, 'vectors'),
      gain: tf.ones([1]),
    });
    return {
      variables,
      template: templateTokens(tokenizer, Array.from({ length }, () => 'x').join(' ') + ' {}.'),
      prompts: () => ({
        text: { vectors: tf.mul(variables.vectors, variables.gain), scope: 'shared', namePosition: 'end', deep: [] },
      }),
      dispose: () => disposeVariables(variables),
    };
  },
});

const fixedGain = { fixedStart: (name: string) => name === 'gain' };

describePromptLearner(gainLearner, { backbone, options: [{}, { length: 5 }], ...fixedGain });
describePromptLearner(probeLearner, { backbone });
describePromptLearner(handCraftedPrompt, {
  backbone,
  options: [{}, { template: 'a centered photo of {}' }, { templates: ['a photo of a {}.', 'art of the {}.'] }],
});

/** The stranger's learner with something wrong in what it makes. */
const learnerWith = (spoil: (learner: PromptLearner, clip: Backbone, seed: number) => Partial<PromptLearner>) => ({
  ...gainLearner,
  create: (...[context, options]: Parameters<PromptPlugin['create']>) => {
    const learner = gainLearner.create(context, options);
    return { ...learner, ...spoil(learner, context.backbone, context.seed) };
  },
});

const withText = (learner: PromptLearner, change: (vectors: tf.Tensor2D) => tf.Tensor2D) => ({
  prompts: () => {
    const { text } = learner.prompts();
    return { text: { ...text!, vectors: change(text!.vectors as tf.Tensor2D) } };
  },
});

const faultyLearners: readonly [string, PromptPlugin, RegExp][] = [
  [
    'keeps a tensor at every step',
    learnerWith((learner) => ({
      prompts: () => (tf.keep(tf.scalar(1)), learner.prompts()),
    })),
    /leaves no tensor behind: A training step leaves \d+ tensors behind/,
  ],
  [
    'does not free its variables',
    learnerWith(() => ({ dispose: () => undefined })),
    /leaves no tensor behind: .*disposing it leaves 2 tensors behind/,
  ],
  [
    'declares a variable that nothing depends on',
    learnerWith((learner) => {
      const idle = tf.variable(tf.ones([3]));
      const dispose = () => (idle.dispose(), learner.dispose());
      return { variables: { ...learner.variables, idle }, dispose };
    }),
    /No gradient reaches the variable "idle"/,
  ],
  [
    'learns what it does not declare',
    learnerWith(({ variables: { vectors } }) => ({ variables: { vectors: vectors! } })),
    /a variable of shape \[1\] that it does not declare/,
  ],
  [
    'has a wrong backward pass',
    learnerWith((learner) =>
      withText(learner, (vectors) =>
        (
          tf.customGrad((x) => ({
            value: tf.clone(x as tf.Tensor),
            gradFunc: (dy: tf.Tensor) => tf.mul(dy, 1.1),
          })) as (x: tf.Tensor) => tf.Tensor2D
        )(vectors),
      ),
    ),
    /finite differences\): The gradient of "vectors" along a random direction is/,
  ],
  [
    'starts from unseeded values',
    learnerWith(({ variables }) => {
      variables.vectors!.assign(tf.tidy(() => tf.randomNormal(variables.vectors!.shape)));
      return {};
    }),
    /"vectors" starts from other values for the same seed/,
  ],
  [
    'ignores the seed',
    learnerWith(({ variables }) => {
      variables.vectors!.assign(tf.tidy(() => tf.fill(variables.vectors!.shape, 0.1)));
      return {};
    }),
    /"vectors" starts from the same values for every seed/,
  ],
  [
    'hides a value from the file',
    learnerWith((learner, _, seed) => withText(learner, (vectors) => tf.mul(vectors, seed))),
    /saving and loading gives the same logits: It gives other logits/,
  ],
  [
    'changes the backbone',
    learnerWith((learner, clip) => {
      const embed = clip.embedTokens.bind(clip);
      return {
        prompts: () => {
          Object.assign(clip, { embedTokens: (ids: number[]) => tf.tidy(() => tf.add(embed(ids), 0.01)) });
          return learner.prompts();
        },
      };
    }),
    /backbone unchanged: The backbone computes other values/,
  ],
  [
    'learns for single classes, but says that they may change',
    learnerWith((learner) => ({
      prompts: () => {
        const { text } = learner.prompts();
        const gains = tf.tensor3d([1, 2, 3, 4], [4, 1, 1]);
        const vectors = tf.mul(tf.expandDims(text!.vectors as tf.Tensor2D, 0), gains) as tf.Tensor3D;
        return { text: { ...text!, vectors, scope: 'class' as const } };
      },
    })),
    /takes other classes if and only if it says so/,
  ],
  [
    'says that it cannot take other classes, but does',
    {
      ...gainLearner,
      properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'trained only' }),
    },
    /It takes other classes, or fails without saying why: undefined/,
  ],
  [
    'promises vision prompts that it does not have',
    {
      ...gainLearner,
      properties: () => ({ promptsVision: true, dependsOnImage: false, novelClasses: 'swap' }),
    },
    /It has no vision prompts, but its properties say promptsVision: true/,
  ],
  [
    'has prompts of a wrong width',
    learnerWith((learner) => withText(learner, (vectors) => tf.concat([vectors, vectors], 1))),
    /The text context has the shape \[2, 32\], expected \[2, 16\]/,
  ],
  [
    'has an option without a description',
    { ...gainLearner, options: z.strictObject({ length: z.int().default(2) }) },
    /The option length has no description/,
  ],
  [
    'has an option that must be given',
    { ...gainLearner, options: z.strictObject({ length: z.int().describe('Number of vectors.') }) },
    /It cannot be made without options/,
  ],
  [
    'has a preset that does not fit its options',
    { ...gainLearner, presets: { quick: { prompt: { use: 'gain', lenght: 3 } } } },
    /Its preset quick is refused/,
  ],
];

describe('the suite without a test runner', () => {
  it('passes for a right learner', () => checkPromptLearner(gainLearner, { backbone, ...fixedGain }));

  it.each(faultyLearners)('fails for one that %s', async (_, plugin, message) => {
    const error = await failure(checkPromptLearner(plugin, { backbone, options: [{ length: 2 }], ...fixedGain }));
    expect(error).toBeInstanceOf(ConformanceError);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^gain \{"length":2\}: /);
  });

  it('fails for options that the plugin refuses', async () => {
    const error = await failure(checkPromptLearner(gainLearner, { backbone, options: [{ length: 0 }] }));
    expect(error.message).toMatch(/It refuses these options: .*length/s);
  });
});
