import { definePlugin, maxNameTokens } from '@promptweave/core';
import { z } from 'zod';
import { ShiftedLabels } from './shifted-labels.js';

export const shifted = definePlugin({
  kind: 'labels',
  name: 'PLUGIN_NAME',
  description: 'One learned vector for each class, added to the token embeddings of its name.',
  options: z.strictObject({ maxTokens: maxNameTokens }),
  properties: () => ({ trainsLabels: true }),
  create: ({ backbone, classNames }, { maxTokens }) => new ShiftedLabels(backbone, classNames, maxTokens),
});

/** What promptweave loads. */
export const plugins = [shifted];
