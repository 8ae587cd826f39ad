import { z } from 'zod';
import { definePlugin } from '../plugin/define-plugin.js';

/** `protocol: few-shot`, the default. */
export const fewShot = definePlugin({
  kind: 'protocol',
  name: 'few-shot',
  description: 'Train on some images of every class, test on all classes.',
  options: z.strictObject({
    split: z
      .enum(['test', 'val'])
      .optional() // no default: cells from before there was the option keep their identity
      .describe(
        'Images to evaluate on; settings are chosen on `val`. Default: test, or val where there are no test images.',
      ),
  }),
  trainsOn: 'all',
  testsNovelClasses: false,
  evaluations: async ({ dataset }, { split }) => [
    split
      ? { name: split, dataset, split }
      : { name: 'test', dataset, split: dataset.test.length > 0 ? 'test' : 'val' },
  ],
  summary: ({ test, val = test }) => ({ accuracy: val!.accuracy, macroF1: val!.macroF1 }),
});
