import { ConfigError } from '@promptweave/core';

type Mapping = Readonly<Record<string, unknown>>;

/** Which options each section of a grid sets, so that none overwrites what another one chose. */
export class SetPaths {
  /** Sections by the options that they set in some cell. */
  private readonly known = new Map<string, string>();

  /** @throws ConfigError where one entry sets an option twice */
  add(section: string, entry: Mapping): void {
    const own = new Set<string>();
    for (const path of leavesOf(entry)) {
      if (own.has(path)) throw twice(path, [section, 'the same entry']);
      own.add(path);
      if (!this.known.has(path)) this.known.set(path, section);
    }
  }

  /**
   * @param values that the cell has chosen so far
   * @throws ConfigError where the entry would set one of their options again
   */
  requireFree(values: Mapping, section: string, entry: Mapping): void {
    const suspects = leavesOf(entry).filter((path) => this.known.has(path));
    if (suspects.length === 0) return;
    const chosen = new Set(leavesOf(values));
    const path = suspects.find((suspect) => chosen.has(suspect));
    if (path !== undefined) throw twice(path, [this.known.get(path)!, section]);
  }
}

function twice(path: string, [one, other]: readonly [string, string]): ConfigError {
  return new ConfigError(`${path} is set by ${one} and by ${other}; one would overwrite the other.`, {
    where: 'grid',
    remedy: `Take ${path} out of one of them, or vary it only where the other does not choose it: { values: […], when: {…} }.`,
  });
}

function leavesOf(values: Mapping): string[] {
  return Object.entries(values).flatMap(([path, value]) => leaves(path, value).map(([leaf]) => leaf));
}

/** The options that a value sets; a part's name alone is that of its `use`. */
function leaves(path: string, value: unknown): [string, unknown][] {
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length > 0) return entries.flatMap(([key, inner]) => leaves(`${path}.${key}`, inner));
  }
  const isPart = typeof value === 'string' && (!path.includes('.') || /^losses\.\d+$/.test(path));
  return isPart ? [[`${path}.use`, value]] : [[path, value]];
}
