import { canonicalJson } from '@promptweave/core/experiment';

/** A point of a search: option paths and values; an option that a point has not is not there. */
export type Point = Readonly<Record<string, unknown>>;

/** One option that points differ in. */
export type Dimension = { readonly path: string } & (
  | { readonly kind: 'choice'; readonly size: number }
  /** `unit` maps its values onto [0, 1]. */
  | { readonly kind: 'number'; readonly unit: (value: unknown) => number }
);

/** Different numbers from which on an option is one of numbers; fewer are choices. */
const NUMBERS = 4;
/** A range of positive numbers that spans as much is taken by its logarithm. */
const DECADE = 10;

/** The options in which points differ. */
export function dimensionsOf(points: readonly Point[]): Dimension[] {
  const paths = [...new Set(points.flatMap((point) => Object.keys(point)))];
  return paths.flatMap((path): Dimension[] => {
    const own = points.flatMap((point) => (Object.hasOwn(point, path) ? [point[path]] : []));
    const values = [...new Map(own.map((value) => [canonicalJson(value ?? null), value])).values()];
    if (values.length < 2) return [];
    const isNumeric = values.length >= NUMBERS && values.every((value) => typeof value === 'number');
    return [isNumeric ? { path, kind: 'number', unit: unitOf(values) } : { path, kind: 'choice', size: values.length }];
  });
}

function unitOf(values: readonly number[]): (value: unknown) => number {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const scale = low > 0 && high / low >= DECADE ? Math.log : (value: number): number => value;
  return (value) => (scale(value as number) - scale(low)) / (scale(high) - scale(low));
}
