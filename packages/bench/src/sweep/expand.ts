import { canonicalJson } from '@promptweave/core/experiment';
import type { Conditions, Grid } from './grid.js';
import { samplePoints } from './low-discrepancy.js';

/** What one cell of a grid chooses. */
export interface Choice {
  /** What tables call it, where the list of the grid says so. */
  readonly name?: string;
  /** The option paths whose values the name stands for. */
  readonly standsFor?: readonly string[];
  /** Values by option path, in the order of the grid. */
  readonly values: Readonly<Record<string, unknown>>;
}

type Mapping = Readonly<Record<string, unknown>>;

/**
 * The cells of a grid: every entry of the list with every entry of the zipped lists, every combination of the axes and every
 * point of the sample; equal ones once.
 *
 * @param base the configuration without its grid, which conditions are compared with where a cell does not choose
 */
export function expandGrid({ axes, list, zip, sample, except }: Grid, base: Mapping): Choice[] {
  let choices: Choice[] = [{ values: {} }];
  const times = (entries: readonly Mapping[]): void => {
    choices = choices.flatMap((choice) =>
      entries.map((entry) => ({ ...choice, values: { ...choice.values, ...entry } })),
    );
  };
  if (list) {
    choices = list.map(({ name, ...values }) => ({
      ...(typeof name === 'string' && { name, standsFor: Object.keys(values) }),
      values,
    }));
  }
  if (zip) {
    const paths = Object.keys(zip);
    const rows = zip[paths[0]!]!.map((_, row) => Object.fromEntries(paths.map((path) => [path, zip[path]![row]])));
    times(rows);
  }
  for (const { path, values, when } of axes) {
    choices = choices.flatMap((choice) => {
      if (when && !holds(when, choice.values, base)) return [choice];
      return values.map((value) => ({ ...choice, values: { ...choice.values, [path]: value } }));
    });
  }
  if (sample) times(samplePoints(sample));
  const seen = new Set<string>();
  return choices.filter((choice) => {
    if (except.some((conditions) => holds(conditions, choice.values, base))) return false;
    const key = canonicalJson(choice.values);
    return !seen.has(key) && seen.add(key);
  });
}

/** Whether a cell has all of these values; a list stands for itself and for any of its entries. */
export function holds(conditions: Conditions, values: Mapping, base: Mapping): boolean {
  return Object.entries(conditions).every(([path, expected]) => {
    const actual = canonicalJson(chosen(path, values, base) ?? null);
    const allowed: readonly unknown[] = [expected, ...(Array.isArray(expected) ? expected : [])];
    return allowed.some((value) => canonicalJson(value ?? null) === actual);
  });
}

/** The value at a path: of the cell, of a mapping or a name that the cell gives for the whole part, or of the base. */
function chosen(path: string, values: Mapping, base: Mapping): unknown {
  const keys = path.split('.');
  for (let length = keys.length; length > 0; length--) {
    const prefix = keys.slice(0, length).join('.');
    if (Object.hasOwn(values, prefix)) {
      const found = dig(values[prefix], keys.slice(length));
      if (found !== undefined) return found;
    }
  }
  return dig(base, keys);
}

/** What a mapping of mappings holds at some keys; a part's name alone is also its `use`. */
export function dig(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((at: unknown, key) => {
    if (typeof at === 'string' && key === 'use') return at; // a part by its name alone
    return typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Mapping)[key] : undefined;
  }, value);
}
