import { canonicalJson, defaultParts } from '@promptweave/core/experiment';
import type { Conditions } from './grid.js';

type Mapping = Readonly<Record<string, unknown>>;

/** What conditions are compared with. */
export interface Compared {
  /** What the list of the grid calls the cell. */
  readonly name?: string;
  /** What the cell chooses, by option path. */
  readonly values: Mapping;
  /** The configuration without its grid, for what the cell does not choose. */
  readonly base: Mapping;
  /** The cell's configuration with its preset and all defaults, as soon as it is known. */
  readonly resolved?: object;
}

/** The path of what the list of a grid calls its entries. */
export const NAME = 'name';

/**
 * Whether a cell has all of these values; a list stands for itself and for any of its entries. What neither the cell nor its file says is that
 * of the preset and the defaults; null stands for that, too.
 */
export function holds(conditions: Conditions, cell: Compared): boolean {
  return Object.entries(conditions).every(([path, expected]) => {
    const said = path === NAME ? cell.name : chosen(path, cell.values, cell.base);
    const actual = [said, ...(said === undefined ? [dig(cell.resolved ?? defaultParts, path.split('.'))] : [])];
    const allowed: readonly unknown[] = [expected, ...(Array.isArray(expected) ? expected : [])];
    return allowed.some((value) =>
      actual.some((found) => canonicalJson(value ?? null) === canonicalJson(found ?? null)),
    );
  });
}

/**
 * Whether they hold for a cell whose options are not known yet: what neither the cell nor its file says is that of the defaults, unless a preset
 * may say it.
 */
export function holdsForSure(conditions: Conditions, cell: Compared): boolean {
  const hasPreset = chosen('preset', cell.values, cell.base) !== undefined;
  const isSaid = (path: string): boolean => path === NAME || chosen(path, cell.values, cell.base) !== undefined;
  return holds(conditions, cell) && (!hasPreset || Object.keys(conditions).every(isSaid));
}

/** The value at a path: of the cell, of a mapping or a name that the cell gives for the whole part, or of the base. */
function chosen(path: string, values: Mapping, base: Mapping): unknown {
  const keys = path.split('.');
  for (let length = keys.length; length > 0; length--) {
    const prefix = keys.slice(0, length).join('.');
    if (Object.hasOwn(values, prefix)) {
      const found = dig(values[prefix], keys.slice(length));
      if (found !== undefined) return found;
    }
  }
  return dig(base, keys);
}

/** What a mapping of mappings holds at some keys; a part's name alone is also its `use`. */
export function dig(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce((at: unknown, key) => {
    if (typeof at === 'string' && key === 'use') return at; // a part by its name alone
    return typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Mapping)[key] : undefined;
  }, value);
}
