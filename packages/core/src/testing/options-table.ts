import { z } from 'zod';
import type { OptionsSchema } from '../plugin/define-plugin.js';

/** One option as documentation shows it. */
export interface OptionRow {
  /** As it is written in a configuration. */
  readonly name: string;
  /** E.g. `integer ≥ 1` or `"mean"`, `"sum"`. */
  readonly values: string;
  /** As JSON; empty where there is no fixed default. */
  readonly standard: string;
  /** The description of the schema; empty where it has none. */
  readonly meaning: string;
}

/** What a schema says about its options, in its own order. */
export function optionRows(schema: OptionsSchema): OptionRow[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const json = property as z.core.JSONSchema.BaseSchema;
    return {
      name,
      values: describeValues(json),
      standard: json.default === undefined ? '' : JSON.stringify(json.default),
      meaning: json.description ?? '',
    };
  });
}

/** The options of a plugin as a Markdown table, for its README; a test compares the two. */
export function optionsTable(schema: OptionsSchema): string {
  const rows = optionRows(schema).map(
    ({ name, values, standard, meaning }) =>
      `| \`${name}\` | ${values} | ${standard === '' ? '–' : `\`${standard}\``} | ${meaning.replaceAll('|', '\\|')} |`,
  );
  if (rows.length === 0) return 'It has no options.';
  return ['| option | values | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function describeValues({
  enum: choices,
  type,
  minimum,
  maximum,
  exclusiveMinimum,
  exclusiveMaximum,
}: z.core.JSONSchema.BaseSchema): string {
  if (choices) return choices.map((choice) => `\`${JSON.stringify(choice)}\``).join(', ');
  const safe = (bound: number | boolean | undefined) =>
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const bounds = [
    safe(minimum) && `≥ ${minimum}`,
    safe(exclusiveMinimum) && `> ${exclusiveMinimum}`,
    safe(maximum) && `≤ ${maximum}`,
    safe(exclusiveMaximum) && `< ${exclusiveMaximum}`,
  ].filter((bound) => bound !== false);
  return [type ?? 'any', bounds.join(', ')].filter((part) => part !== '').join(' ');
}
