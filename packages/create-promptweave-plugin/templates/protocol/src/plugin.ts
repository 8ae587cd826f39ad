import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { testedSets, weakestClass } from './weakest-class.js';

export const weakest = definePlugin({
  kind: 'protocol',
  name: 'PLUGIN_NAME',
  description: 'Train on all classes; the accuracy of the weakest class leads.',
  options: z.strictObject({
    split: z.enum(['test', 'val']).default('test').describe('Images to evaluate on; settings are chosen on `val`.'),
  }),
  trainsOn: 'all',
  testsNovelClasses: false,
  evaluations: async (context, { split }) => testedSets(context, split),
  summary: weakestClass,
});

/** What promptweave loads. */
export const plugins = [weakest];
