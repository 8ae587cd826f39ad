import { z } from 'zod';
import type { Tuning } from '../contracts/tuning.js';
import { definePlugin } from '../plugin/define-plugin.js';

/** The towers as they are. */
export const untouched: Tuning = { variables: {}, towers: () => ({}), dispose: () => undefined };

/** `tuning: none`, the default. */
export const noTuning = definePlugin({
  kind: 'tuning',
  name: 'none',
  description: 'The weights of both towers have their frozen effect; nothing is learned within them.',
  options: z.strictObject({}),
  properties: () => ({ tunesVision: false, tunesText: false }),
  create: () => untouched,
});
