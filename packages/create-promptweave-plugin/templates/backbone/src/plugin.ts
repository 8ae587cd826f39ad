import { clip } from '@promptweave/backbone-clip';
import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { identityOf, mirrorClip } from './mirror-clip.js';

export const mirrored = definePlugin({
  kind: 'backbone',
  name: 'PLUGIN_NAME',
  description: 'CLIP that sees every image and its mirror image.',
  options: z.strictObject({
    checkpoint: z.string().default('icons').describe('Weights, as those of the backbone clip: icons, a file, …'),
    weight: z.number().min(0).max(1).default(0.5).describe('Weight w of the mirror image.'),
  }),
  create: async (context, { checkpoint, weight }) =>
    mirrorClip(await clip.create(context, clip.options.parse({ checkpoint })), weight),
  identity: async (context, { checkpoint, weight }) =>
    identityOf(await clip.identity!(context, clip.options.parse({ checkpoint })), weight),
});

/** What promptweave loads. */
export const plugins = [mirrored];
