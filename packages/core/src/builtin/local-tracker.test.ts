import { expect, it } from 'vitest';
import type { RunEvent, Tracker } from '../contracts/tracker.js';
import { definePlugin } from '../plugin/define-plugin.js';
import { checkTracker, describeTracker, type RecordedValue } from '../testing/index.js';
import { localTracker } from './local-tracker.js';

describeTracker(localTracker);

/** Trackers that break one rule each. */
const broken = (change: (tracker: Tracker) => Tracker) =>
  definePlugin({ ...localTracker, create: (context, options) => change(localTracker.create(context, options)) });

it('a tracker that throws, rejects or hangs the run does not pass', async () => {
  const throws = broken((tracker) => ({
    ...tracker,
    record: () => {
      throw new Error('no');
    },
  }));
  await expect(checkTracker(throws)).rejects.toThrow('record() throws at a start event');
  const rejects = broken((tracker) => ({ ...tracker, close: () => Promise.reject(new Error('no')) }));
  await expect(checkTracker(rejects)).rejects.toThrow('close() rejects');
  const slow = broken((tracker) => ({
    ...tracker,
    record: () => {
      for (const end = Date.now() + 80; Date.now() < end;);
    },
  }));
  await expect(checkTracker(slow)).rejects.toThrow(/record\(\) takes \d+ ms\./);
});

it('a tracker that records the repeated steps of a run twice does not pass', async () => {
  const values: RecordedValue[] = [];
  const record = (event: RunEvent): void => {
    if (event.type !== 'metrics') return;
    for (const [key, value] of Object.entries(event.values)) values.push({ key, step: event.step, value });
  };
  const twice = broken((tracker) => ({ ...tracker, record }));
  const recorded = (): Promise<RecordedValue[]> => Promise.resolve(values.splice(-5));
  await expect(checkTracker(twice, { recorded })).rejects.toThrow(
    'these values of train/loss: 1: 1, 2: 0.5, 2: 0.5, 3: 0.25',
  );
});
