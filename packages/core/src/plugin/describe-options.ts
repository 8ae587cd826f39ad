import { z } from 'zod';
import type { Plugin } from './define-plugin.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** One option of a plugin, for people. */
export interface OptionDescription {
  /** Path within the part, e.g. `depth` or `generator.reduction`. */
  readonly name: string;
  /** E.g. `whole number, 1 to 12`, `paper | released`, `text`. */
  readonly type: string;
  /** Absent where there is none. */
  readonly default?: unknown;
  /** True where the option must be given. */
  readonly required: boolean;
  readonly description: string;
}

/** The options of a plugin in their order; options within an option follow it with their own paths. */
export function describeOptions(plugin: Plugin): OptionDescription[] {
  return describeProperties(z.toJSONSchema(plugin.options, { io: 'input' }), '');
}

function describeProperties(schema: JsonSchema, prefix: string): OptionDescription[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]) => {
    if (typeof option === 'boolean') return [];
    const name = `${prefix}${key}`;
    if (option.properties) return describeProperties(option, `${name}.`);
    const required = schema.required?.includes(key) ?? false;
    const { description = '' } = option;
    return [{ name, type: describeType(option), default: option.default, required, description }];
  });
}

function describeType(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.anyOf) return schema.anyOf.map((branch) => describeType(branch as JsonSchema)).join(' | ');
  switch (schema.type) {
    case 'integer':
      return `whole number${describeRange(schema)}`;
    case 'number':
      return `number${describeRange(schema)}`;
    case 'boolean':
      return 'true | false';
    case 'array':
      return typeof schema.items === 'object' ? `list of ${describeType(schema.items as JsonSchema)}` : 'list';
    case 'string':
      return 'text';
    default:
      return schema.type === undefined ? 'any value' : 'mapping';
  }
}

function describeRange({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && most !== undefined)
    return `, ${minimum} to ${most}`;
  const bounds = [
    minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && `at least ${minimum}`,
    exclusiveMinimum !== undefined && `above ${exclusiveMinimum}`,
    most !== undefined && `at most ${most}`,
    exclusiveMaximum !== undefined && `below ${exclusiveMaximum}`,
  ].filter((bound) => bound !== false);
  return bounds.length === 0 ? '' : `, ${bounds.join(', ')}`;
}
