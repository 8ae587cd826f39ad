import { canonicalJson } from '@promptweave/core/experiment';
import { dimensionsOf, type Dimension, type Point } from './dimensions.js';

/** A point that was tried. */
export interface Observation {
  readonly point: Point;
  /** More is better. */
  readonly value: number;
}

/** How the points are parted and weighed. */
export interface TpeOptions {
  /** γ: share of the observations that count as good. */
  readonly good?: number;
  /** Weight of the prior, in observations. */
  readonly prior?: number;
}

/**
 * The next points to try, by the tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4):
 * of those in the pool the ones with the largest l(x) / g(x), to which the expected improvement is proportional. l is the density of the good
 * observations, g that of the others; each is a product over the options, a mixture of normal densities for a number and counts for a choice. An
 * option that only some points have counts for these alone.
 *
 * The paper draws candidates from l; here the pool has them all. Several at once are apart: each that is chosen counts as bad for the next.
 *
 * @returns positions in the pool, the most promising first
 */
export function nextByTpe(
  pool: readonly Point[],
  observations: readonly Observation[],
  count: number,
  { good = 0.25, prior = 1 }: TpeOptions = {},
): number[] {
  const dimensions = dimensionsOf([...pool, ...observations.map(({ point }) => point)]);
  const sorted = [...observations].sort((a, b) => b.value - a.value).map(({ point }) => point);
  const best = sorted.slice(0, Math.max(1, Math.ceil(good * sorted.length)));
  const rest = sorted.slice(best.length);
  const chosen: number[] = [];
  while (chosen.length < Math.min(count, pool.length)) {
    const bad = [...rest, ...chosen.map((i) => pool[i]!)];
    const densities = dimensions.map((dimension) => {
      return [densityOf(dimension, best, prior), densityOf(dimension, bad, prior)] as const;
    });
    const scores = pool.map((point) => {
      return densities.reduce((sum, [l, g]) => sum + Math.log(l(point)) - Math.log(g(point)), 0);
    });
    const left = scores.flatMap((score, i) => (chosen.includes(i) ? [] : [{ score, i }]));
    chosen.push(left.reduce((a, b) => (b.score > a.score ? b : a)).i);
  }
  return chosen;
}

/** The density of points along a dimension; 1 for points that have no such option. */
function densityOf(dimension: Dimension, points: readonly Point[], prior: number): (point: Point) => number {
  const own = points.flatMap((point) => (Object.hasOwn(point, dimension.path) ? [point[dimension.path]] : []));
  const density =
    dimension.kind === 'choice' ? choiceDensity(dimension.size, own, prior) : parzen(own.map(dimension.unit), prior);
  return (point) => {
    if (!Object.hasOwn(point, dimension.path)) return 1;
    const value = point[dimension.path];
    return density(dimension.kind === 'choice' ? value : dimension.unit(value));
  };
}

function choiceDensity(size: number, values: readonly unknown[], prior: number): (value: unknown) => number {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(canonicalJson(value), (counts.get(canonicalJson(value)) ?? 0) + 1);
  const total = values.length + prior;
  return (value) => ((counts.get(canonicalJson(value)) ?? 0) + prior / size) / total;
}

/**
 * A mixture of normal densities on [0, 1], one on each point, as wide as the way to its farther neighbour (the ends count as neighbours), and one
 * of the whole range as the prior.
 */
function parzen(points: readonly number[], prior: number): (value: unknown) => number {
  const sorted = [...points].sort((a, b) => a - b);
  const narrowest = 1 / Math.min(100, 1 + sorted.length);
  const parts = sorted.map((at, i) => {
    const ways = [at - (sorted[i - 1] ?? 0), (sorted[i + 1] ?? 1) - at];
    return { at, width: Math.min(1, Math.max(narrowest, ...ways)), weight: 1 };
  });
  const all = [...parts, { at: 0.5, width: 1, weight: prior }].map((part) => ({ ...part, inside: within(part) }));
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  return (value) =>
    all.reduce((sum, { at, width, weight, inside }) => {
      const z = ((value as number) - at) / width;
      return sum + (weight * Math.exp(-0.5 * z * z)) / (width * Math.sqrt(2 * Math.PI) * inside);
    }, 0) / total;
}

/** How much of a normal density lies in [0, 1]. */
function within({ at, width }: { readonly at: number; readonly width: number }): number {
  const below = (x: number): number => (1 + erf((x - at) / (width * Math.SQRT2))) / 2;
  return below(1) - below(0);
}

/** The error function to 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26). */
function erf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const factors = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429];
  const sum = factors.reduceRight((inner, factor) => (inner + factor) * t, 0);
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}
