import { ConfigError, sourceFromValue, type ConfigurationSource } from '@promptweave/core';
import { parse } from 'yaml';

/**
 * Overrides that speak about the grid: `seed=1` or `seed=[1, 2]` where `seed` is an axis replaces its values, `grid.PATH=[…]` sets or
 * adds an axis. The others are for every cell.
 */
export function applyToGrid(
  source: ConfigurationSource,
  overrides: readonly string[],
): { readonly source: ConfigurationSource; readonly overrides: readonly string[] } {
  const written = source.value['grid'];
  const grid: Record<string, unknown> =
    typeof written === 'object' && written !== null && !Array.isArray(written) ? { ...written } : {};
  const others = overrides.filter((text) => {
    const equals = text.indexOf('=');
    const path = text.slice(0, Math.max(0, equals)).trim();
    const axis = path.startsWith('grid.') ? path.slice('grid.'.length) : path;
    if (axis === path && !Object.hasOwn(grid, axis)) return true;
    const value = valueOf(text, equals);
    const single = axis === path && !Array.isArray(value);
    grid[axis] = single ? [value] : value;
    return false;
  });
  if (others.length === overrides.length) return { source, overrides };
  const value = { ...source.value, grid };
  return { source: { ...sourceFromValue(value), place: (path) => source.place(path) }, overrides: others };
}

function valueOf(text: string, equals: number): unknown {
  try {
    return parse(text.slice(equals + 1)) as unknown;
  } catch (cause) {
    throw new ConfigError(`override "${text}": the value is not valid YAML`, { where: text, cause });
  }
}
