import { canonicalJson, ConfigError, sourceFromValue, type ConfigurationSource } from '@promptweave/core';
import { parse } from 'yaml';
import { dig } from './expand.js';

type Mapping = Readonly<Record<string, unknown>>;

/**
 * Overrides that speak about the grid: `seed=1` or `seed=[1, 2]` where `seed` is an axis replaces its values and keeps its condition,
 * `grid.PATH=[…]` sets or adds an axis, `grid={…}` is another grid. The others are for every cell.
 * @throws ConfigError where a value is not YAML, or the grid no mapping
 */
export function applyToGrid(
  source: ConfigurationSource,
  overrides: readonly string[],
): { readonly source: ConfigurationSource; readonly overrides: readonly string[] } {
  const written = source.value['grid'];
  let grid: Record<string, unknown> = isMapping(written) ? { ...written } : {};
  const others = overrides.filter((text) => {
    const [path, value] = parsed(text);
    if (path === 'grid') {
      if (!isMapping(value)) throw new ConfigError(`override "${text}": expected a mapping`, { where: text });
      grid = { ...value };
      return false;
    }
    const axis = path.startsWith('grid.') ? path.slice('grid.'.length) : path;
    if (axis === path && !Object.hasOwn(grid, axis)) return true;
    const values = axis === path && !Array.isArray(value) ? [value] : value;
    const former = grid[axis];
    grid[axis] = isMapping(former) && 'when' in former && Array.isArray(values) ? { ...former, values } : values;
    return false;
  });
  if (others.length === overrides.length) return { source, overrides };
  const value = { ...source.value, grid };
  return { source: { ...sourceFromValue(value), place: (path) => source.place(path) }, overrides: others };
}

/**
 * The overrides for every cell that have no effect in this one, because it chooses another value itself.
 *
 * @param own values of the cell by option path
 * @param resolved the cell's configuration
 */
export function overruled(overrides: readonly string[], own: Mapping, resolved: object): string[] {
  const chosen = Object.entries(own).flatMap(([path, value]) => leaves(path, value));
  return overrides.filter((text) =>
    leaves(...parsed(text)).some(([path, value]) => {
      const isChosen = chosen.some(([other]) => path === other || path.startsWith(`${other}.`));
      const actual = dig(resolved, path.split('.')) ?? null;
      return isChosen && canonicalJson(actual) !== canonicalJson(value ?? null);
    }),
  );
}

/** The options that a value sets; a part's name alone is that of its `use`. */
function leaves(path: string, value: unknown): [string, unknown][] {
  if (isMapping(value)) return Object.entries(value).flatMap(([key, inner]) => leaves(`${path}.${key}`, inner));
  return typeof value === 'string' && !path.includes('.') ? [[`${path}.use`, value]] : [[path, value]];
}

/** Path and value of `path=value`. */
function parsed(text: string): [string, unknown] {
  const equals = text.indexOf('=');
  try {
    return [text.slice(0, Math.max(0, equals)).trim(), parse(text.slice(equals + 1)) as unknown];
  } catch (cause) {
    throw new ConfigError(`override "${text}": the value is not valid YAML`, { where: text, cause });
  }
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
