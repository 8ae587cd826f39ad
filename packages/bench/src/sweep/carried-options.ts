import { partSections, defaultParts, type Registry } from '@promptweave/core/experiment';
import type { PluginKind } from '@promptweave/core';
import { asWritten, type WrittenValues } from './written-values.js';

type Mapping = Readonly<Record<string, unknown>>;

/** Options that a cell's part takes over from the one that it replaces. */
export interface CarriedOptions {
  /** `path=value` each. */
  readonly overrides: readonly string[];
  /** What stays behind, for people. */
  readonly notes: readonly string[];
}

/** What every data set takes besides its own options. */
const OF_EVERY: Readonly<Record<string, readonly string[]>> = { dataset: ['shots', 'classes'] };

/**
 * Where a cell chooses another part than its file, the options that the file gives that part hold for the new one, too, if it has options of
 * these names. The others are of the part alone, which is said.
 *
 * @param base the configuration without its grid
 * @param values of the cell by option path
 */
export function carriedOptions(
  base: Mapping,
  values: Mapping,
  registry: Registry,
  written: WrittenValues,
): CarriedOptions {
  const overrides: string[] = [];
  const notes: string[] = [];
  for (const section of partSections) {
    const below = base[section];
    const use = chosenUse(values, section);
    if (typeof below !== 'object' || below === null || use === undefined) continue;
    const { use: former = defaultUse(section), ...options } = below as Mapping;
    const plugin = registry.find(section as PluginKind, use);
    if (!plugin || ('use' in below && former === use)) continue;
    const known = new Set([...Object.keys(plugin.options.shape), ...(OF_EVERY[section] ?? [])]);
    for (const [option, value] of Object.entries(options)) {
      const path = `${section}.${option}`;
      if (isSet(values, section, option)) continue;
      if (known.has(option)) overrides.push(`${path}=${asWritten(value, written)}`);
      else notes.push(`${path} is no option of ${use}: it does not hold there.`);
    }
  }
  return { overrides, notes };
}

function chosenUse(values: Mapping, section: string): string | undefined {
  const whole = values[section];
  const use =
    values[`${section}.use`] ?? (typeof whole === 'object' && whole !== null ? (whole as Mapping)['use'] : whole);
  return typeof use === 'string' ? use : undefined;
}

/** Whether the cell sets an option, or something of it, itself. */
function isSet(values: Mapping, section: string, option: string): boolean {
  const whole = values[section];
  if (typeof whole === 'object' && whole !== null && Object.hasOwn(whole, option)) return true;
  const path = `${section}.${option}`;
  return Object.keys(values).some((other) => other === path);
}

function defaultUse(section: string): unknown {
  return (defaultParts as Readonly<Record<string, { use: string } | undefined>>)[section]?.use;
}
