import { ConfigError } from '@promptweave/core';
import {
  configurationJsonSchema,
  InvalidConfigurationError,
  nearestName,
  type ConfigurationSource,
  type Problem,
  type Registry,
} from '@promptweave/core/experiment';
import { NAME } from './conditions.js';
import type { Conditions, Grid } from './grid.js';

/** What is read of a JSON Schema. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | boolean;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** The option paths that a configuration can have, whichever parts it chooses. */
export class OptionPaths {
  private readonly root: Schema;

  constructor(registry: Registry) {
    const schema = configurationJsonSchema(registry) as Schema;
    const { grid: _grid, search: _search, ...properties } = schema.properties!; // a cell has neither
    this.root = { ...schema, properties };
  }

  /** Why a path is none, with the nearest one; undefined where it exists. */
  problemOf(path: string): string | undefined {
    let at: Schema[] = [this.root];
    const keys = path.split('.');
    for (const [place, key] of keys.entries()) {
      const here = at.flatMap((schema) => this.variants(schema));
      at = here.flatMap((schema) => entryOf(schema, key));
      if (at.length > 0) continue;
      const known = [...new Set(here.flatMap(({ properties = {} }) => Object.keys(properties)))];
      const near = nearestName(key, known);
      const meant = near && [...keys.slice(0, place), near, ...keys.slice(place + 1)].join('.');
      return `there is no option ${path}.${meant ? ` Did you mean \`${meant}\`?` : ''}`;
    }
    return undefined;
  }

  private variants(schema: Schema): Schema[] {
    const { $ref, anyOf = [], oneOf = [], allOf = [] } = schema;
    const target = $ref === undefined ? undefined : this.resolve($ref);
    const inner = [...anyOf, ...oneOf, ...allOf, ...(target ? [target] : [])];
    return [schema, ...inner.flatMap((variant) => this.variants(variant))];
  }

  private resolve(ref: string): Schema | undefined {
    if (ref === '#') return this.root;
    return this.root.$defs?.[ref.replace('#/$defs/', '')];
  }
}

function entryOf({ properties = {}, additionalProperties, items, prefixItems = [] }: Schema, key: string): Schema[] {
  if (Object.hasOwn(properties, key)) return [properties[key]!];
  if (/^\d+$/.test(key)) {
    const own = prefixItems[Number(key)];
    if (own) return [own];
    if (typeof items === 'object') return [items];
  }
  // An option that takes any names, such as a mapping of classes to sentences.
  return typeof additionalProperties === 'object' ? [additionalProperties] : [];
}

/**
 * Looks for every path that a grid speaks of.
 * @throws InvalidConfigurationError with all that exist nowhere
 */
export function checkGridPaths(grid: Grid, source: ConfigurationSource, registry: Registry): void {
  const paths = new OptionPaths(registry);
  const problems: Problem[] = [];
  const look = (path: string, place: readonly PropertyKey[], named = false): void => {
    if (named && path === NAME) return;
    const message = paths.problemOf(path);
    const where = [...place, path];
    if (message) problems.push({ path: where.map(String).join('.'), message, place: source.place(where) });
  };
  const conditions = (all: Conditions, place: readonly PropertyKey[]): void => {
    for (const path of Object.keys(all)) look(path, place, true);
  };
  for (const { path, when } of grid.axes) {
    look(path, ['grid']);
    if (when) conditions(when, ['grid', path, 'when']);
  }
  grid.list?.forEach((entry, i) => conditions(entry, ['grid', 'list', i]));
  for (const path of Object.keys(grid.zip ?? {})) look(path, ['grid', 'zip']);
  for (const path of Object.keys(grid.sample?.ranges ?? {})) look(path, ['grid', 'sample', 'ranges']);
  grid.except.forEach((entry, i) => conditions(entry, ['grid', 'except', i]));
  grid.first.forEach((entry, i) => conditions(entry, ['grid', 'first', i]));
  if (problems.length > 0) throw new InvalidConfigurationError(problems);
}

/** @throws ConfigError where one of the paths exists nowhere */
export function checkConditions(conditions: Conditions, registry: Registry, where: string): void {
  const paths = new OptionPaths(registry);
  for (const path of Object.keys(conditions)) {
    const message = path === NAME ? undefined : paths.problemOf(path);
    if (message) throw new ConfigError(`${where}: ${message}`, { where });
  }
}
