import {
  gridSection,
  InvalidConfigurationError,
  type ConfigurationSource,
  type Place,
} from '@promptweave/core/experiment';
import type { z } from 'zod';
import { readSection } from './read-section.js';

/** Points drawn from ranges. */
export type Sample = NonNullable<z.output<typeof gridSection>['sample']>;
/** A range that points are drawn from. */
export type Range = Sample['ranges'][string];
/** Values by option path; a list stands for any of its entries. */
export type Conditions = Readonly<Record<string, unknown>>;

/** The values of one option, and for which cells they are varied. */
export interface Axis {
  readonly path: string;
  readonly values: readonly unknown[];
  readonly when?: Conditions;
}

/** What the `grid` section of a configuration says. */
export interface Grid {
  /** Every combination, in the order of writing; the last one changes fastest. */
  readonly axes: readonly Axis[];
  /** Explicit choices, each of several options; `name` is what tables call it. */
  readonly list?: readonly Readonly<Record<string, unknown>>[];
  /** Values that are taken together: the first of each, the second of each, … */
  readonly zip?: Readonly<Record<string, readonly unknown[]>>;
  readonly sample?: Sample;
  /** Cells that are left out. */
  readonly except: readonly Conditions[];
  /** Cells that run before the others, in this order. */
  readonly first: readonly Conditions[];
}

/**
 * Reads the `grid` section of a configuration.
 * @throws InvalidConfigurationError with everything that is wrong
 */
export function readGrid(source: ConfigurationSource): Grid {
  const written = source.value['grid'];
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    const message = 'expected a mapping such as "grid: { seed: [1, 2, 3] }"';
    throw new InvalidConfigurationError([{ path: 'grid', message, place: source.place(['grid']) }], {
      remedy: 'Add a grid, or run a single experiment: promptweave train.',
    });
  }
  const { list, zip, sample, except = [], first = [], ...rest } = readSection('grid', gridSection, written, source);
  const axes = Object.entries(rest).map(([path, axis]) =>
    Array.isArray(axis) ? { path, values: axis } : { path, ...axis },
  );
  const grid = { axes, list, zip, sample, except, first };
  checkSize(grid, source.place(['grid']));
  return grid;
}

/** Combinations that a grid may have, those included that it leaves out itself. */
const COMBINATIONS = 200_000;

/** Counts the combinations before they are made. */
function checkSize({ axes, list, zip, sample: points }: Omit<Grid, 'except' | 'first'>, place: Place): void {
  const zipped = Object.values(zip ?? {})[0]?.length ?? 1;
  const factors = [list?.length ?? 1, zipped, ...axes.map(({ values: all }) => all.length), points?.count ?? 1];
  const combinations = factors.reduce((product, factor) => product * BigInt(factor), 1n);
  if (combinations <= COMBINATIONS) return;
  const message = `this grid has ${combinations.toLocaleString('en')} combinations; at most ${COMBINATIONS.toLocaleString('en')} are looked at`;
  throw new InvalidConfigurationError([{ path: 'grid', message, place }], {
    remedy: 'Take values away, or draw some points: grid.sample.count.',
  });
}
