import type { TrainEvent } from '@promptweave/core/experiment';
import { expect, it } from 'vitest';
import { movingMean } from './moving-mean.js';

const step = (loss: number): TrainEvent => ({ type: 'step', loss, accuracy: loss / 100 }) as TrainEvent;

it('is over the last twenty steps of a training', () => {
  const smooth = movingMean();
  const means = Array.from({ length: 30 }, (_, i) => smooth(step(i)));
  expect(means[1]).toMatchObject({ loss: 0.5 });
  expect(means[29]).toMatchObject({ loss: 19.5, accuracy: expect.closeTo(0.195, 9) as number }); // 10 … 29
  smooth({ type: 'start' } as TrainEvent);
  expect(smooth(step(7))).toMatchObject({ loss: 7 });
  const end = { type: 'end' } as TrainEvent;
  expect(smooth(end)).toBe(end);
});
