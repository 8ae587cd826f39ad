/** What an observer knows of somebody: nothing yet, a change that it has seen, or too long a silence. */
export type Life = 'unknown' | 'alive' | 'dead';

interface Observed {
  readonly sign: string;
  /** When it was looked at last, milliseconds of this process's own clock. */
  readonly looked: number;
  /** Milliseconds that it was watched without a change. */
  readonly silent: number;
  readonly changed: boolean;
}

/** What one pause between two looks counts for at most, as part of the silence: a process that stood still has not watched. */
const LONGEST_PAUSE = 1 / 3;

/**
 * Tells living processes from dead ones on other machines by the signs that they change. It compares no clocks: only what it sees changes,
 * and how long this process has watched without a change. So the first look at something says nothing yet.
 */
export class SignsOfLife {
  private readonly observed = new Map<string, Observed>();

  /** @param silence seconds without a change, after which something counts as dead */
  constructor(private readonly silence: number) {}

  /**
   * Looks once more.
   * @param what is watched
   * @param sign of life: anything that is not the same after the next one
   */
  look(what: string, sign: string): Life {
    const now = performance.now();
    const before = this.observed.get(what);
    if (before?.sign !== sign) {
      const changed = before !== undefined;
      this.observed.set(what, { sign, looked: now, silent: 0, changed });
      return changed ? 'alive' : 'unknown';
    }
    const limit = this.silence * 1000;
    const silent = before.silent + Math.min(now - before.looked, limit * LONGEST_PAUSE);
    this.observed.set(what, { ...before, looked: now, silent });
    if (silent >= limit) return 'dead';
    return before.changed ? 'alive' : 'unknown';
  }
}
