import { z } from 'zod';
import type { Registry } from '../plugin/registry.js';
import { partSections } from './layers.js';
import { configurationSchema } from './schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * JSON Schema (draft 2020-12) of a configuration file, for editors: parts are told apart by `use`, every option has its
 * description, default and range.
 */
export function configurationJsonSchema(registry: Registry): JsonSchema {
  const schema = z.toJSONSchema(configurationSchema(registry), { io: 'input', target: 'draft-2020-12' });
  const properties = schema.properties as Record<string, JsonSchema>;
  for (const kind of partSections) {
    properties[kind] = orName(properties[kind]!, registry.names(kind));
  }
  const losses = properties['losses']!;
  losses.items = orName(losses.items as JsonSchema, registry.names('loss'));
  const required = schema.required?.filter((section) => section !== 'dataset');
  return { ...schema, title: 'promptweave configuration', required };
}

/** A part may be its name alone, and its `use` may stand elsewhere: in the preset, in the defaults or in the grid. */
function orName(part: JsonSchema, names: readonly string[]): JsonSchema {
  const { description, oneOf = [] } = part;
  const choices = (oneOf as JsonSchema[]).map(({ required = [], ...choice }) => {
    const others = required.filter((option) => option !== 'use');
    return others.length > 0 ? { ...choice, required: others } : choice;
  });
  return { description, anyOf: [{ enum: [...names] }, ...choices] };
}
