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

  /** Does the work when its turn comes, and does not wait for it longer than the signal allows. @throws LineFull; the signal's reason */
  async enter<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.inside > this.limit) throw new LineFull();
    this.inside += 1;
    const turn = this.last.then(() => {
      signal.throwIfAborted();
      return work();
    });
    const leave = (): void => void (this.inside -= 1);
    this.last = turn.then(leave, leave);
    let stop: () => void = () => undefined;
    const tooLate = new Promise<never>((_, reject) => {
      stop = () => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
    });
    try {
      return await Promise.race([turn, tooLate]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}
