import { ConfigError } from '@promptweave/core';
import {
  canonicalJson,
  parseOverride,
  sourceFromValue,
  type ConfigurationSource,
  type RawText,
} from '@promptweave/core/experiment';
import { dig } from './conditions.js';

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
  const raws = new Map<string, RawText>();
  let rest: RawText | undefined = source.raw;
  const others = overrides.filter((text) => {
    const [path, value, raw] = parsed(text);
    if (path === 'grid') {
      if (!isMapping(value)) throw new ConfigError(`override "${text}": expected a mapping`, { where: text });
      grid = { ...value };
      raws.clear();
      rest = ([, ...keys]) => raw(keys);
      return false;
    }
    const axis = path.startsWith('grid.') ? path.slice('grid.'.length) : path;
    if (axis === path && !Object.hasOwn(grid, axis)) return true;
    const isOne = axis === path && !Array.isArray(value);
    const values = isOne ? [value] : value;
    raws.set(axis, (keys) => raw(isOne ? keys.slice(1) : keys));
    const former = grid[axis];
    grid[axis] = isMapping(former) && 'when' in former && Array.isArray(values) ? { ...former, values } : values;
    return false;
  });
  if (others.length === overrides.length) return { source, overrides };
  const value = { ...source.value, grid };
  const raw: RawText = (path) => {
    const own = path[0] === 'grid' ? raws.get(String(path[1])) : undefined;
    if (own) return own(path[2] === 'values' ? path.slice(3) : path.slice(2));
    return path[0] === 'grid' ? rest?.(path) : source.raw?.(path);
  };
  return { source: { ...sourceFromValue(value), place: (path) => source.place(path), raw }, overrides: others };
}

/**
 * The overrides for every cell that have no effect in this one, because it chooses another value itself.
 *
 * @param own values of the cell by option path
 * @param resolved the cell's configuration
 */
export function overruled(overrides: readonly string[], own: Mapping, resolved: object): string[] {
  const chosen = Object.entries(own).flatMap(([path, value]) => leaves(path, value));
  return overrides.filter((text) => {
    const [path, value] = parsed(text);
    return leaves(path, value).some(([path, value]) => {
      const isChosen = chosen.some(([other]) => path === other || path.startsWith(`${other}.`));
      const actual = dig(resolved, path.split('.')) ?? null;
      return isChosen && canonicalJson(actual) !== canonicalJson(value ?? null);
    });
  });
}

/** The options that a value sets; a part's name alone is that of its `use`. */
function leaves(path: string, value: unknown): [string, unknown][] {
  if (isMapping(value)) return Object.entries(value).flatMap(([key, inner]) => leaves(`${path}.${key}`, inner));
  return typeof value === 'string' && !path.includes('.') ? [[`${path}.use`, value]] : [[path, value]];
}

/** Path, value and raw text of `path=value`. */
function parsed(text: string): [string, unknown, RawText] {
  const { path, value, raw } = parseOverride(text);
  return [path.join('.'), value, raw];
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
