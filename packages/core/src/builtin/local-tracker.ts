import { z } from 'zod';
import { definePlugin } from '../plugin/define-plugin.js';

/** `tracker: local`, the default: a run's folder has everything (`runFiles`), and nothing is recorded elsewhere. */
export const localTracker = definePlugin({
  kind: 'tracker',
  name: 'local',
  description: "The run's folder alone, which is written whatever else records the run.",
  options: z.strictObject({}),
  create: () => ({ name: 'local', record: () => undefined, close: () => Promise.resolve([]) }),
});
