import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkReadme, describeTracker } from '@promptweave/core/testing';
import { afterAll, it } from 'vitest';
import { readLines } from './lines-tracker.js';
import { lines, plugins } from './plugin.js';

const folder = mkdtempSync(join(tmpdir(), 'tracker-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'values.jsonl');

describeTracker(lines);
describeTracker(lines, {
  options: [{ file }],
  recorded: async (run) =>
    readLines(file)
      .filter((line) => line.run === run)
      .map(({ key, step, value }) => ({ key, step, value: Number(value) })),
});

it('the README has the options that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
