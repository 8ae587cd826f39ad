import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { ContextLearner } from './context-learner.js';

export const context = definePlugin({
  kind: 'prompt',
  name: 'PLUGIN_NAME',
  description: 'Learned vectors before the class name, the same for all classes.',
  options: z.strictObject({
    contextLength: z.int().min(1).max(16).default(4).describe('Number of context vectors n.'),
    deviation: z.number().positive().default(0.02).describe('Standard deviation σ of their start values.'),
  }),
  properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
  create: (context, { contextLength, deviation }) => new ContextLearner(context, contextLength, deviation),
});

/** What promptweave loads. */
export const plugins = [context];
