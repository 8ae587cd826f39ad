import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { LinearMapHead } from './linear-map-head.js';

export const linearMap = definePlugin({
  kind: 'head',
  name: 'PLUGIN_NAME',
  description: 'A learned linear map of the image features before they are compared with texts.',
  options: z.strictObject({
    alpha: z.number().positive().default(1).describe('Weight α of what the map adds.'),
  }),
  properties: () => ({ novelClasses: 'swap', readsText: true }),
  create: (context, { alpha }) => LinearMapHead.create(context, alpha),
});

/** What promptweave loads. */
export const plugins = [linearMap];
