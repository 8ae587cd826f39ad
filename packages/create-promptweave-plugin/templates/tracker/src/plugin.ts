import { resolve } from 'node:path';
import { definePlugin } from '@promptweave/core';
import { z } from 'zod';
import { LinesTracker } from './lines-tracker.js';

export const lines = definePlugin({
  kind: 'tracker',
  name: 'PLUGIN_NAME',
  description: 'Values of all runs in a file, a line of JSON each.',
  options: z.strictObject({
    file: z.string().min(1).default('values.jsonl').describe("The file; a relative path begins at the run's folder."),
  }),
  create: (context, { file }) => new LinesTracker(context, resolve(context.folder, file)),
});

/** What promptweave loads. */
export const plugins = [lines];
