import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { PartContext, PromptLearner } from '../contracts/parts.js';
import { seededNormal } from '../model/maths.js';
import { templateTokens } from '../model/template-tokens.js';
import { disposeVariables, variablesFrom } from '../model/variables.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** A prompt learner that does what a learner may do: prompts at two depths of both towers. Stands beside parts under test. */
export const probeLearner = definePlugin({
  kind: 'prompt',
  name: 'probe',
  description: 'Two context vectors and one deep prompt in each tower, for tests.',
  options: z.strictObject({}),
  properties: () => ({ promptsVision: true, dependsOnImage: false, novelClasses: 'swap' }),
  create: (context): PromptLearner => probe(context, true),
});

/** The same in the text tower alone, for backbones whose vision tower takes no prompts. */
export const textProbeLearner = definePlugin({
  kind: 'prompt',
  name: 'text-probe',
  description: 'Two context vectors and one deep prompt in the text tower, for tests.',
  options: z.strictObject({}),
  properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
  create: (context): PromptLearner => probe(context, false),
});

function probe({ backbone, seed }: PartContext, promptsVision: boolean): PromptLearner {
  const { text, vision } = backbone.shape;
  const draw = (name: string, width: number) => seededNormal([2, width], 0.1, seed, name);
  const start: Record<string, tf.Tensor> = {
    probe_text: draw('probe_text', text.width),
    probe_text_deep: draw('probe_text_deep', text.width),
    ...(promptsVision && {
      probe_vision: draw('probe_vision', vision.width),
      probe_vision_deep: draw('probe_vision_deep', vision.width),
    }),
  };
  const variables = variablesFrom(start);
  const copy = (name: string) => tf.clone(variables[name]!) as tf.Tensor2D;
  return {
    variables,
    template: templateTokens(backbone.tokenizer, 'a photo of a {}.'),
    prompts: () => ({
      text: { vectors: copy('probe_text'), scope: 'shared', namePosition: 'end', deep: [copy('probe_text_deep')] },
      ...(promptsVision && { vision: { shallow: copy('probe_vision'), deep: [copy('probe_vision_deep')] } }),
    }),
    dispose: () => disposeVariables(variables),
  };
}

/** A prompt learner whose context depends on the image: two vectors, moved by the first components of its feature. For tests. */
export const imageProbeLearner = definePlugin({
  kind: 'prompt',
  name: 'image-probe',
  description: 'Two context vectors for each image, for tests.',
  options: z.strictObject({}),
  properties: () => ({ promptsVision: false, dependsOnImage: true, novelClasses: 'swap' }),
  create: ({ backbone, seed }): PromptLearner => {
    const { width } = backbone.shape.text;
    const { embedding } = backbone.shape;
    const variables = variablesFrom({
      probe_text: seededNormal([2, width], 0.1, seed, 'probe_text'),
      probe_image: seededNormal([embedding, width], 0.1, seed, 'probe_image'),
    });
    return {
      variables,
      template: templateTokens(backbone.tokenizer, 'a photo of a {}.'),
      prompts: (images) => {
        const shift = tf.matMul(images!, variables.probe_image as tf.Tensor as tf.Tensor2D); // [B, T]
        const vectors: tf.Tensor3D = tf.add(tf.expandDims(variables.probe_text, 0), tf.expandDims(shift, 1)); // [B, 2, T]
        return { text: { vectors, scope: 'image', namePosition: 'end', deep: [] } };
      },
      dispose: () => disposeVariables(variables),
    };
  },
});
