import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { clipByNorm } from './clip-by-norm.js';

export const clipped = definePlugin({
  kind: 'gradients',
  name: 'PLUGIN_NAME',
  description: 'No gradient is longer than a given norm (arXiv 1211.5063).',
  options: z.strictObject({
    maxNorm: z.number().positive().default(1).describe('Largest norm c of each gradient.'),
  }),
  create: (_context, { maxNorm }) => clipByNorm(maxNorm),
});

/** What promptweave loads. */
export const plugins = [clipped];
