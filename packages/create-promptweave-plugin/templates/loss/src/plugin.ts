import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { FocalLoss } from './focal-loss.js';

export const focal = definePlugin({
  kind: 'loss',
  name: 'PLUGIN_NAME',
  description: 'Focal loss: images that are recognised already count less (arXiv 1708.02002).',
  options: z.strictObject({
    gamma: z.number().min(0).default(2).describe('Focusing parameter γ; 0 is cross-entropy.'),
  }),
  create: (_context, { gamma }) => new FocalLoss(gamma),
});

/** What promptweave loads. */
export const plugins = [focal];
