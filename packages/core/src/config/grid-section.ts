import { z } from 'zod';
import type { DeepReadonly } from './deep-readonly.js';

const conditions = z.record(z.string(), z.unknown());
const values = z.array(z.unknown(), 'expected a list of values').min(1, 'expected at least one value');

const axis = z
  .union([
    values,
    z.strictObject({
      values: values.describe('The values of the axis.'),
      when: conditions
        .optional()
        .describe(
          'Values of other options by path. The axis is varied only in cells that have them; a list stands for any of its entries.',
        ),
    }),
  ])
  .describe(
    'An axis: the path of an option, such as `prompt.depth`, with the list of its values, or with a mapping of `values` and `when`.',
  );

const range = z
  .strictObject({
    from: z.number().describe('Smallest value.'),
    to: z.number().describe('Largest value.'),
    scale: z
      .enum(['linear', 'log'])
      .default('linear')
      .describe('Whether the points are spread evenly over the values (`linear`) or over their logarithms (`log`).'),
    whole: z.boolean().default(false).describe('Whether only whole numbers are drawn.'),
  })
  .refine(({ from, to }) => from < to, 'expected from below to')
  .refine(({ from, scale }) => scale === 'linear' || from > 0, 'a logarithmic range begins above 0')
  .describe('The range of one option, by its path.');

const sample = z.strictObject({
  count: z.int().min(1).describe('How many points are drawn.'),
  method: z
    .enum(['halton', 'random'])
    .default('halton')
    .describe('How they are drawn: evenly spread (`halton`), or independently of each other (`random`).'),
  seed: z.int().min(0).default(1).describe('Seed of the points.'),
  ranges: z.record(z.string(), range).describe('Ranges by option path.'),
});

const sections = {
  list: z
    .array(z.record(z.string(), z.unknown()))
    .min(1)
    .describe('Explicit choices: each entry sets some options by path, and may have a `name` for the tables.'),
  zip: z
    .record(z.string(), values)
    .refine(
      (zip) => new Set(Object.values(zip).map(({ length }) => length)).size === 1,
      'the lists are of unequal length',
    )
    .describe('Lists of values by option path that are taken together: first with first, second with second.'),
  sample: sample.describe('Points drawn from ranges of values.'),
  except: z
    .array(conditions)
    .describe(
      'Cells that are left out: those that have all values of an entry, by option path. A list stands for any of its entries.',
    ),
  first: z
    .array(conditions)
    .describe('Cells that run before the others, in this order; each entry is as in `grid.except`.'),
};

/** The `grid` section of a configuration: its own keys, and any option path as an axis. */
export const gridSection = z
  .object(sections)
  .partial()
  .catchall(axis)
  .describe('Makes this a sweep: option paths with lists of values. Every combination is a cell.');

/** The `grid` section as a user writes it: axes by option path beside its own keys. */
export type GridSection = Readonly<Record<string, unknown>> & {
  readonly [Key in keyof typeof sections]?: DeepReadonly<z.input<(typeof sections)[Key]>>;
};
