/** Too many wait already. */
export class LineFull extends Error {}

/** Work that is done one after the other; whoever comes when too many wait is turned away. */
export class Line {
  private last: Promise<unknown> = Promise.resolve();
  private inside = 0;

  /** @param limit of those that wait behind the one being served */
  constructor(private readonly limit: number) {}

  /** Those that wait, and the one being served. */
  get length(): number {
    return this.inside;
  }

  /** Does the work when its turn comes, unless the signal is raised before. @throws LineFull; the signal's reason */
  async enter<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.inside > this.limit) throw new LineFull();
    this.inside += 1;
    const turn = this.last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    this.last = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.inside -= 1;
    }
  }
}
