import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { shapesDataset } from './shapes.js';

export const shapes = definePlugin({
  kind: 'dataset',
  name: 'PLUGIN_NAME',
  description: 'Drawings of six shapes in any place, size and colour.',
  options: z.strictObject({
    images: z.int().min(1).max(1000).default(32).describe('Training images of each class; half as many test.'),
    size: z.int().min(16).max(1024).default(48).describe('Side of the images in pixels.'),
  }),
  create: async (_context, { images, size }) => shapesDataset('PLUGIN_NAME', images, size),
});

/** What promptweave loads. */
export const plugins = [shapes];
