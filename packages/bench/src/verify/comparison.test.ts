import { expect, it } from 'vitest';
import { compare, gradientsTogether, TOLERANCES } from './comparison.js';

const { float32, bfloat16 } = TOLERANCES;

it('compares logits absolutely, by the scale of their cosines, and all else by its norm', () => {
  const near = (name: string, by: number, tolerances = float32, scale?: number) =>
    compare(name, [3 + by, 4], [3, 4], { tolerances, ...(scale && { scale }) });
  expect(near('step1/logits', 9e-5)).toMatchObject({ ok: true, tolerance: '0.0001 absolute', norm: 5 });
  expect(near('step1/logits', 2e-4)).toMatchObject({ ok: false });
  expect(near('step1/logits', 2e-4, float32, 100)).toMatchObject({ ok: true, tolerance: '0.0003 absolute' });
  expect(near('text_features', 2e-3)).toMatchObject({ ok: false, tolerance: '0.0002 relative' });
  expect(near('step1/logits', 0.19, bfloat16)).toMatchObject({ ok: true, tolerance: '0.2 absolute' });
  expect(near('text_features', 0.19, bfloat16)).toMatchObject({ ok: true, tolerance: '0.04 relative' });
  expect(near('text_features', 0.21, bfloat16)).toMatchObject({ ok: false });
  expect(near('text_features', NaN, bfloat16)).toMatchObject({ ok: false, maxAbsolute: Infinity });
});

it('judges the cosine of two gradients as far as they may be off in bfloat16, and like all else in float32', () => {
  const near = (by: number, tolerances = bfloat16) =>
    compare('step1/gradient_cosine', [0.05 + by], [0.05], { tolerances });
  expect(near(0.14)).toMatchObject({ ok: true, tolerance: '0.15 absolute' });
  expect(near(0.16)).toMatchObject({ ok: false });
  expect(near(1e-4, float32)).toMatchObject({ ok: false, tolerance: '0.0002 relative' });
});

it('judges the gradients of a step together in bfloat16, and each alone in float32', () => {
  const ofLarge = (by: number) => compare('grad1/large', [100 + by], [100]);
  const switched = compare('grad1/unit', [0], [2]);
  const tensors = [ofLarge(1), switched, compare('grad2/unit', [0], [2]), compare('final/unit', [0], [2])];
  expect(gradientsTogether(tensors, float32)).toBe(tensors);
  const judged = gradientsTogether(tensors, bfloat16);
  // √(1² + 2²) of √(100² + 2²); grad2 has no other gradient
  expect(judged.map(({ ok }) => ok)).toEqual([true, true, false, false]);
  expect(judged[1]!.tolerance).toBe('0.15 relative to all of grad1, which are off by 2.2e-2');
  expect(judged[3]).toBe(tensors[3]);
  expect(gradientsTogether([ofLarge(16), switched], bfloat16).map(({ ok }) => ok)).toEqual([false, false]);
  expect(gradientsTogether([ofLarge(NaN)], bfloat16)[0]!.ok).toBe(false);
});
