import { expect, it } from 'vitest';
import { lbfgs, type Objective } from './lbfgs.js';

const settings = { iterations: 500, tolerance: 1e-9 };

it('finds the minimum of a badly scaled bowl', () => {
  const scales = [1, 10, 1000];
  const bowl: Objective = (point) => ({
    value: point.reduce((sum, x, i) => sum + (scales[i]! * (x - i) ** 2) / 2, 0),
    gradient: point.map((x, i) => scales[i]! * (x - i)),
  });
  lbfgs(bowl, new Float64Array(3).fill(5), settings).forEach((x, i) => expect(x).toBeCloseTo(i, 8));
});

it("finds the minimum of Rosenbrock's valley", () => {
  const valley: Objective = ([x, y]) => ({
    value: (1 - x!) ** 2 + 100 * (y! - x! * x!) ** 2,
    gradient: Float64Array.of(-2 * (1 - x!) - 400 * x! * (y! - x! * x!), 200 * (y! - x! * x!)),
  });
  lbfgs(valley, Float64Array.of(-1.2, 1), settings).forEach((x) => expect(x).toBeCloseTo(1, 6));
});

it('stays where the gradient is small enough, and within its iterations', () => {
  let calls = 0;
  const flat: Objective = (point) => ({ value: (calls++, 0), gradient: point.map(() => 1e-5) });
  expect([...lbfgs(flat, Float64Array.of(3), { iterations: 9, tolerance: 1e-4 })]).toEqual([3]);
  expect(calls).toBe(1);
});
