import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { AdapterTuning } from './adapter-tuning.js';

export const adapters = definePlugin({
  kind: 'tuning',
  name: 'PLUGIN_NAME',
  description: 'A small learned network in the last block of each tower, added to its output.',
  options: z.strictObject({
    rank: z.int().min(1).max(256).default(8).describe('Hidden units r of each adapter.'),
  }),
  properties: () => ({ tunesText: true, tunesVision: true }),
  create: (context, { rank }) => new AdapterTuning(context, rank),
});

/** What promptweave loads. */
export const plugins = [adapters];
