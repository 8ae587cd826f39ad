import { z } from 'zod';
import { definePlugin } from '../plugin/define-plugin.js';

/** `protocol: few-shot`, the default. */
export const fewShot = definePlugin({
  kind: 'protocol',
  name: 'few-shot',
  description: 'Train on some images of every class, test on all classes.',
  options: z.strictObject({}),
  trainsOn: 'all',
  testsNovelClasses: false,
  evaluations: async ({ dataset }) => [{ name: 'test', dataset, split: dataset.test.length > 0 ? 'test' : 'val' }],
  summary: ({ test }) => ({ accuracy: test!.accuracy, macroF1: test!.macroF1 }),
});
