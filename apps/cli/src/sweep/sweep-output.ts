import { join } from 'node:path';
import { applyOverride, parseOverride } from '@promptweave/core/experiment';
import { configurationName } from '../composition/compose.js';

/** The folder of a sweep that is given none by `--output`: `output` of the command line, or of the file, or named after the file. */
export function sweepOutput(
  file: string,
  value: Readonly<Record<string, unknown>>,
  overrides: readonly string[],
): string {
  const given = overrides.map(parseOverride).filter(({ path }) => path[0] === 'output');
  const { output } = given.reduce(applyOverride, value);
  return typeof output === 'string' ? output : join('runs', configurationName(file));
}
