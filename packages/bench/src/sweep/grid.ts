import {
  describeIssue,
  InvalidConfigurationError,
  type ConfigurationSource,
  type Place,
  type Problem,
} from '@promptweave/core/experiment';
import { z } from 'zod';

/** Values by option path; a list stands for any of its entries. */
const conditions = z.record(z.string(), z.unknown());
const values = z.array(z.unknown(), 'expected a list of values').min(1, 'expected at least one value');
const axis = z.union([values, z.strictObject({ values, when: conditions.optional() })]);
const range = z
  .strictObject({
    from: z.number().describe('Smallest value.'),
    to: z.number().describe('Largest value.'),
    scale: z.enum(['linear', 'log']).default('linear').describe('Whether values or their logarithms are spread.'),
    whole: z.boolean().default(false).describe('Whole numbers alone.'),
  })
  .refine(({ from, to }) => from < to, 'expected from below to')
  .refine(({ from, scale }) => scale === 'linear' || from > 0, 'a logarithmic range begins above 0');
const sample = z.strictObject({
  count: z.int().min(1).describe('Points that are drawn.'),
  method: z
    .enum(['halton', 'random'])
    .default('halton')
    .describe('How: spread evenly (`halton`), or independently of each other (`random`).'),
  seed: z.int().min(0).default(1).describe('Seed of `random`.'),
  ranges: z.record(z.string(), range).describe('Ranges by option path: `from`, `to`, `scale`, `whole`.'),
});

/** A range that points are drawn from. */
export type Range = z.output<typeof range>;
/** Points drawn from ranges. */
export type Sample = z.output<typeof sample>;
/** Values by option path. */
export type Conditions = z.output<typeof conditions>;

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

const sections = {
  list: z
    .array(z.record(z.string(), z.unknown()))
    .min(1)
    .describe('Explicit choices: each entry sets some options, and has a `name` for the tables.'),
  zip: z
    .record(z.string(), values)
    .refine(
      (zip) => new Set(Object.values(zip).map(({ length }) => length)).size === 1,
      'the lists are of unequal length',
    )
    .describe('Lists of values by option path that are taken together: first with first, second with second.'),
  sample: sample.describe('Points drawn from ranges.'),
  except: z.array(conditions).describe('Cells that are left out, each entry by values of options.'),
  first: z.array(conditions).describe('Cells that run before the others, in this order.'),
};

/** What a grid may have besides its axes, for the documentation. */
export const gridSections: Readonly<Record<string, z.ZodType>> = sections;
/** The ranges of `sample`, for the documentation. */
export const sampleRange: z.ZodObject = z.strictObject(range.shape);

/**
 * Reads the `grid` section of a configuration.
 * @throws InvalidConfigurationError with everything that is wrong
 */
export function readGrid(source: ConfigurationSource): Grid {
  const written = source.value['grid'];
  const problems: Problem[] = [];
  const report = (path: readonly PropertyKey[], message: string): void => {
    problems.push({ path: path.map(String).join('.'), message, place: source.place(path) });
  };
  const read = <T>(schema: z.ZodType<T>, value: unknown, key: string): T | undefined => {
    const outcome = schema.safeParse(value, { error: describeIssue, reportInput: true });
    for (const issue of outcome.error?.issues ?? []) report(['grid', key, ...issue.path], issue.message);
    return outcome.data;
  };
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    report(['grid'], 'expected a mapping such as "grid: { seed: [1, 2, 3] }"');
    throw new InvalidConfigurationError(problems, {
      remedy: 'Add a grid, or run a single experiment: promptweave train.',
    });
  }
  const axes: Axis[] = [];
  const parsed: { -readonly [Key in keyof typeof sections]?: z.output<(typeof sections)[Key]> } = {};
  for (const [key, value] of Object.entries(written)) {
    if (Object.hasOwn(sections, key))
      Object.assign(parsed, { [key]: read(sections[key as keyof typeof sections] as z.ZodType, value, key) });
    else {
      const found = read(axis, value, key);
      if (found) axes.push({ path: key, ...(Array.isArray(found) ? { values: found } : found) });
    }
  }
  if (problems.length > 0) throw new InvalidConfigurationError(problems);
  const grid = { axes, ...parsed, except: parsed.except ?? [], first: parsed.first ?? [] };
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
