/** A function's value and gradient at a point. */
export type Objective = (point: Float64Array) => { readonly value: number; readonly gradient: Float64Array };

/** How far a minimisation goes. */
export interface LbfgsSettings {
  readonly iterations: number;
  /** Ends where no component of the gradient is larger. */
  readonly tolerance: number;
}

/** Steps whose curvature is remembered, as in scipy. */
const MEMORY = 10;
/** Armijo's condition, and how often a step is halved. */
const SUFFICIENT = 1e-4;
const HALVINGS = 30;

/**
 * Limited-memory BFGS (Nocedal & Wright, algorithm 7.5) with halved steps, for convex functions.
 * @returns where it ends
 */
export function lbfgs(
  objective: Objective,
  start: Float64Array,
  { iterations, tolerance }: LbfgsSettings,
): Float64Array {
  let point = start;
  let { value, gradient } = objective(point);
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let iteration = 0; iteration < iterations; iteration++) {
    if (largest(gradient) <= tolerance) break;
    const direction = quasiNewton(gradient, pairs);
    const slope = dot(direction, gradient);
    // Without curvature the length of the first step is not known.
    let step = pairs.length === 0 ? Math.min(1, 1 / norm(gradient)) : 1;
    let next = moved(point, direction, step);
    let outcome = objective(next);
    for (let h = 0; h < HALVINGS && !(outcome.value <= value + SUFFICIENT * step * slope); h++) {
      step /= 2;
      next = moved(point, direction, step);
      outcome = objective(next);
    }
    if (!(outcome.value < value)) break; // rounding is all that is left
    const s = moved(next, point, -1);
    const y = moved(outcome.gradient, gradient, -1);
    const curvature = dot(s, y);
    if (curvature > 1e-10 * dot(y, y)) pairs.push({ s, y, rho: 1 / curvature });
    if (pairs.length > MEMORY) pairs.shift();
    [point, value, gradient] = [next, outcome.value, outcome.gradient];
  }
  return point;
}

/** −H·g by the two-loop recursion. */
function quasiNewton(
  gradient: Float64Array,
  pairs: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  let q = moved(new Float64Array(gradient.length), gradient, -1);
  const alphas: number[] = [];
  for (const { s, y, rho } of pairs.toReversed()) {
    const alpha = rho * dot(s, q);
    alphas.push(alpha);
    q = moved(q, y, -alpha);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = last.rho * dot(last.y, last.y);
    for (let i = 0; i < q.length; i++) q[i] = q[i]! / scale;
  }
  for (const { s, y, rho } of pairs) q = moved(q, s, alphas.pop()! - rho * dot(y, q));
  return q;
}

function moved(point: Float64Array, direction: Float64Array, step: number): Float64Array {
  const next = new Float64Array(point.length); // a loop is several times as fast as map here
  for (let i = 0; i < next.length; i++) next[i] = point[i]! + step * direction[i]!;
  return next;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function largest(a: Float64Array): number {
  let most = 0;
  for (const x of a) most = Math.max(most, Math.abs(x));
  return most;
}
