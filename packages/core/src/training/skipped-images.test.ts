import { describe, expect, it } from 'vitest';
import type { ImageItem } from '../contracts/dataset.js';
import type { BatchRequest, DataPipeline } from '../contracts/pipeline.js';
import { DatasetError } from '../errors.js';
import { joinSkipped, SkipLog, type SkippedPart } from './skipped-images.js';

const item = (id: string, where?: string): ImageItem => ({ id, where, label: 0, load: () => Promise.reject() });

/** Skips everything. */
const blind: DataPipeline = {
  subset: (dataset) => dataset,
  async *batches({ items, onSkip }: BatchRequest) {
    for (const each of items) onSkip?.(each, new DatasetError('It is dark.'));
  },
};
async function pass(pipeline: DataPipeline, ...items: ImageItem[]): Promise<void> {
  for await (const batch of pipeline.batches({ items } as unknown as BatchRequest)) expect.fail(`got ${batch.items}`);
}

describe('SkipLog', () => {
  it('lists the ids of each set once, sorted, and tells their places', async () => {
    const told: string[] = [];
    const log = new SkipLog((line) => told.push(line));
    const test = log.watching(blind, 'test');
    await pass(test, item('b'), item('a', '/photos/a'));
    await pass(test, item('b'));
    await pass(
      log.watching(blind, ({ id }) => (id === 'v' ? 'val' : 'train')),
      item('b'),
      item('v'),
    );
    const why = 'It is dark.';
    expect(log.result).toEqual({
      skipped: { test: ['a', 'b'], train: ['b'], val: ['v'] },
      skipReasons: { test: { a: why, b: why }, train: { b: why }, val: { v: why } },
    });
    expect(told).toEqual([
      'Skipped b (test): It is dark.',
      'Skipped /photos/a (test): It is dark.',
      'Skipped b (train): It is dark.',
      'Skipped v (val): It is dark.',
    ]);
  });

  it('adds nothing to a result where nothing was skipped', async () => {
    const log = new SkipLog();
    await pass(log.watching(blind, 'test'));
    expect(log.result).toEqual({});
    expect(joinSkipped(undefined, log.result)).toEqual({});
  });

  it('can be joined with others', () => {
    const old: SkippedPart = { skipped: { train: ['a', 'b'], test: ['x'] } }; // of a version that noted no reasons
    const skipped = { train: ['a', 'b', 'c'], test: ['x'] };
    expect(joinSkipped(old, { skipped: { train: ['b', 'c'] } }, undefined)).toEqual({ skipped });
    const found = { skipped: { train: ['b', 'c'] }, skipReasons: { train: { b: 'dark', c: 'empty' } } };
    const other = { skipped: { train: ['b'] }, skipReasons: { train: { b: 'dark' } } };
    expect(joinSkipped(old, found, other)).toEqual({ skipped, skipReasons: { train: { b: 'dark', c: 'empty' } } });
  });
});
