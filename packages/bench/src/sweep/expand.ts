import { canonicalJson } from '@promptweave/core/experiment';
import { holds } from './conditions.js';
import type { Grid } from './grid.js';
import { samplePoints } from './low-discrepancy.js';
import { SetPaths } from './set-paths.js';

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
 * @throws ConfigError where two sections of the grid set the same option of a cell
 */
export function expandGrid({ axes, list, zip, sample, except }: Grid, base: Mapping): Choice[] {
  const paths = new SetPaths();
  let choices: Choice[] = [{ values: {} }];
  const times = (section: string, entries: readonly Mapping[]): void => {
    choices = choices.flatMap((choice) => {
      for (const entry of entries) paths.requireFree(choice.values, section, entry);
      return entries.map((entry) => ({ ...choice, values: { ...choice.values, ...entry } }));
    });
    for (const entry of entries) paths.add(section, entry);
  };
  if (list) {
    choices = list.map(({ name, ...values }) => ({
      ...(name !== undefined && { name: String(name), standsFor: Object.keys(values) }),
      values,
    }));
    for (const { values } of choices) paths.add('grid.list', values);
  }
  if (zip) {
    const keys = Object.keys(zip);
    const rows = zip[keys[0]!]!.map((_, row) => Object.fromEntries(keys.map((path) => [path, zip[path]![row]])));
    times('grid.zip', rows);
  }
  for (const { path, values, when } of axes) {
    const section = `the axis ${path}`;
    const entries = values.map((value) => ({ [path]: value }));
    choices = choices.flatMap((choice) => {
      if (when && !holds(when, { ...choice, base })) return [choice];
      for (const entry of entries) paths.requireFree(choice.values, section, entry);
      return entries.map((entry) => ({ ...choice, values: { ...choice.values, ...entry } }));
    });
    for (const entry of entries) paths.add(section, entry);
  }
  if (sample) times('grid.sample', samplePoints(sample));
  const seen = new Set<string>();
  return choices.filter((choice) => {
    if (except.some((conditions) => holds(conditions, { ...choice, base }))) return false;
    const key = canonicalJson(choice.values);
    return !seen.has(key) && seen.add(key);
  });
}
