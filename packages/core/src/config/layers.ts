type Mapping = Readonly<Record<string, unknown>>;

/** Sections that choose a part by `use`. */
export const partSections = [
  'backbone',
  'dataset',
  'prompt',
  'labels',
  'head',
  'tuning',
  'gradients',
  'protocol',
  'tracker',
] as const;

/** What is chosen where nothing is said. */
export const defaultParts = {
  backbone: { use: 'clip' },
  prompt: { use: 'none' },
  labels: { use: 'frozen' },
  head: { use: 'cosine' },
  tuning: { use: 'none' },
  gradients: { use: 'sum' },
  protocol: { use: 'few-shot' },
  tracker: { use: 'local' },
};

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A part's name alone stands for `{ use: name }`. */
export function expandNames(value: Mapping): Mapping {
  const expand = (part: unknown) => (typeof part === 'string' ? { use: part } : part);
  return mapEntries(value, (section, key) => {
    if (key === 'losses' && Array.isArray(section)) return section.map(expand);
    return (partSections as readonly string[]).includes(key) ? expand(section) : section;
  });
}

/**
 * One configuration laid over another: mappings are merged, everything else is replaced. Where the upper one chooses
 * another part (`use`), nothing of the lower part's options remains.
 */
export function lay(lower: Mapping, upper: Mapping): Mapping {
  const otherPart = 'use' in upper && upper['use'] !== lower['use'];
  const base = otherPart ? {} : lower;
  const merged = mapEntries(upper, (value, key) => {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    return isMapping(value) && isMapping(below) ? lay(below, value) : value;
  });
  return { ...base, ...merged };
}

/** The mapping without some of its keys. */
export function without(value: Mapping, ...keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function mapEntries(value: Mapping, map: (value: unknown, key: string) => unknown): Mapping {
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, map(entry, key)]));
}
