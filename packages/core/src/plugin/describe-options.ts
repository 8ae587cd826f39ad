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

/** Stands in the place of the names that an option may freely choose, as the option paths of a grid are. */
const ANY_NAME = 'PATH';

/** The options of a plugin in their order; options within an option follow it with their own paths. */
export function describeOptions({ options }: Pick<Plugin, 'options'>): OptionDescription[] {
  return describeProperties(z.toJSONSchema(options, { io: 'input' }), '');
}

function describeProperties(schema: JsonSchema, prefix: string): OptionDescription[] {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  return [
    ...Object.entries(properties).flatMap(([key, option]) =>
      typeof option === 'boolean' ? [] : describeOption(option, `${prefix}${key}`, required.includes(key)),
    ),
    ...(isDescribed(others) ? describeOption(others, `${prefix}${ANY_NAME}`, false) : []),
  ];
}

function describeOption(option: JsonSchema, name: string, required: boolean): OptionDescription[] {
  if (option.properties) return describeProperties(option, `${name}.`);
  const { description = '' } = option;
  const own = { name, type: describeType(option), default: option.default, required, description };
  const branches = branchesOf(option).filter(({ properties }) => properties);
  const inner = branches.flatMap((branch) => describeProperties(branch, `${name}.`));
  const entries = isDescribed(option.additionalProperties) ? describeProperties(option, `${name}.`) : [];
  return [own, ...merged(inner), ...entries];
}

/** An option that several branches of a choice have is one. */
function merged(options: readonly OptionDescription[]): OptionDescription[] {
  return [...new Set(options.map(({ name }) => name))].map((name) => {
    const same = options.filter((option) => option.name === name);
    const join = (texts: string[], between: string) => [...new Set(texts)].filter(Boolean).join(between);
    return {
      ...same[0]!,
      type: join(
        same.map(({ type }) => type),
        ' | ',
      ),
      description: join(
        same.map(({ description }) => description),
        ' ',
      ),
    };
  });
}

function branchesOf({ anyOf = [], oneOf = [] }: JsonSchema): JsonSchema[] {
  return [...anyOf, ...oneOf] as JsonSchema[];
}

function isDescribed(schema: JsonSchema['additionalProperties']): schema is JsonSchema {
  return typeof schema === 'object' && schema.description !== undefined;
}

function describeType(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  const branches = branchesOf(schema);
  if (branches.length > 0) return [...new Set(branches.map(describeType))].join(' | ');
  switch (schema.type) {
    case 'integer':
      return `whole number${describeRange(schema)}`;
    case 'number':
      return `number${describeRange(schema)}`;
    case 'boolean':
      return 'true | false';
    case 'array': {
      const entries = typeof schema.items === 'object' ? describeType(schema.items as JsonSchema) : ANY_VALUE;
      return entries === ANY_VALUE ? 'list' : `list of ${entries}`;
    }
    case 'string':
      return 'text';
    default:
      return schema.type === undefined ? ANY_VALUE : 'mapping';
  }
}

const ANY_VALUE = 'any value';

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
