import type { StepShape } from '@promptweave/core';
import { expect, it } from 'vitest';
import { allSavings, clipWork, noSavings } from './clip-work.js';

const shape = {
  vision: { width: 64, layers: 6, heads: 2, imageSize: 32, patchSize: 8 },
  text: { width: 32, layers: 6, heads: 2, contextLength: 20 },
  embedding: 16,
};
const step: StepShape = {
  batch: 4,
  text: { prefix: 5, branches: [3, 3, 3, 3, 3, 3], padded: 0, blocks: 6, hiddenStates: false },
  ...{ textPasses: 1, textGradient: true, visionPrompts: 0, visionGradient: true, featuresKnown: false },
};
const work = (more: Partial<StepShape> = {}, savings = allSavings) =>
  clipWork(shape, { ...step, ...more }, { savings, recompute: false });
const textWith = (changes: StepShape['text']['changes']) => ({ text: { ...step.text, changes } });

it('keeps nothing of the blocks below what is learned, and takes no gradient through them', () => {
  const whole = work();
  const upper = work({ ...textWith({ gradientFrom: 4 }), visionChanges: { gradientFrom: 4 } });
  expect(upper.textBytes).toBeCloseTo(whole.textBytes / 3);
  expect(upper.visionBytes).toBeCloseTo(whole.visionBytes / 3);
  // Forward 6, backward 6 or 2, of which the last block of each counts less.
  expect(upper.visionFlops / whole.visionFlops).toBeGreaterThan(0.55);
  expect(upper.visionFlops / whole.visionFlops).toBeLessThan(0.7);
  const dense = work({ visionChanges: { gradientFrom: 4 } }, noSavings);
  expect(dense.visionBytes).toBe(work({}, noSavings).visionBytes);
});

it('counts rows that enter later, and context of classes, from their block on', () => {
  const inserted = { block: 3, rows: 5 };
  const more = work({ ...textWith({ inserted }), visionChanges: { inserted } });
  expect(more.visionRows).toBe(4 * (17 + 5));
  expect(more.visionBytes).toBeGreaterThan(work().visionBytes);
  expect(more.visionBytes).toBeLessThan(work({ visionPrompts: 5 }).visionBytes);
  expect(more.textRows).toBe(5 + 5 + 18);
  const own = work(textWith({ ownContextFrom: 5 }));
  expect(own.textRows).toBe(1 + 6 * (3 + 4));
  expect(own.textBytes).toBeGreaterThan(work().textBytes);
  expect(own.textBytes).toBeLessThan(work(textWith({ ownContextFrom: 1 })).textBytes);
});

it('counts a pass of the frozen image tower where a loss asks for it, and what tuned blocks keep', () => {
  const forward = work({ visionGradient: false }).visionFlops;
  expect(work({ frozenImages: true }).visionFlops).toBeCloseTo(work().visionFlops + forward);
  const tuned = work({ visionChanges: { tuned: true } });
  expect(tuned.visionBytes / work().visionBytes).toBeGreaterThan(1);
  expect(tuned.visionBytes / work().visionBytes).toBeLessThan(1.15);
});
