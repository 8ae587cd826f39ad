/** Too many wait already. */
export class LineFull extends Error {}

interface Request<Item, Outcome> {
  readonly items: readonly Item[];
  readonly signal: AbortSignal;
  readonly answer: (outcomes: Outcome[]) => void;
  readonly fail: (reason: unknown) => void;
}

/**
 * Requests that are served as they come, one after the other; those that came meanwhile are served together, each answered as soon as its own
 * items are done. Whoever comes when too many wait is turned away.
 */
export class Line<Item, Outcome> {
  private waiting: Request<Item, Outcome>[] = [];
  private served: Request<Item, Outcome>[] = [];

  /**
   * @param limit of requests that wait behind those being served
   * @param together items that are taken together at most, where more than one request waits
   * @param work from items to an outcome for each, in their order; a signal ends it when nobody waits for them any more
   */
  constructor(
    private readonly limit: number,
    private readonly together: number,
    private readonly work: (items: readonly Item[], signal: AbortSignal) => AsyncIterable<Outcome>,
  ) {}

  /** Requests that wait, and those being served. */
  get length(): number {
    return this.waiting.length + this.served.length;
  }

  /** Outcomes of one item or more, which are not waited for longer than the signal allows. @throws LineFull; the signal's reason; what the work throws */
  async enter(items: readonly Item[], signal: AbortSignal): Promise<Outcome[]> {
    signal.throwIfAborted();
    if (this.served.length > 0 && this.waiting.length >= this.limit) throw new LineFull();
    let leave: () => void = () => undefined;
    try {
      return await new Promise<Outcome[]>((answer, fail) => {
        leave = () => fail(signal.reason);
        signal.addEventListener('abort', leave, { once: true });
        this.waiting.push({ items, signal, answer, fail });
        if (this.served.length === 0) void this.serveAll();
      });
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  private async serveAll(): Promise<void> {
    for (this.served = this.next(); this.served.length > 0; this.served = this.next()) await this.serve(this.served);
  }

  /** Those at the front of the line: as many as are taken together, and one in any case. */
  private next(): Request<Item, Outcome>[] {
    const waiting = this.waiting.filter(({ signal }) => !signal.aborted);
    let count = 0;
    for (let items = 0; count < waiting.length; count++) {
      items += waiting[count]!.items.length;
      if (count > 0 && items > this.together) break;
    }
    this.waiting = waiting.slice(count);
    return waiting.slice(0, count);
  }

  private async serve(requests: readonly Request<Item, Outcome>[]): Promise<void> {
    let answered = 0;
    try {
      const outcomes: Outcome[] = [];
      const items = requests.flatMap((request) => request.items);
      for await (const outcome of this.work(items, whenAll(requests.map(({ signal }) => signal)))) {
        outcomes.push(outcome);
        const request = requests[answered]!;
        if (outcomes.length < request.items.length) continue;
        request.answer(outcomes.splice(0));
        answered += 1;
      }
    } catch (reason) {
      // What fails for one is not the others' fault: each is tried by itself.
      const others = requests.slice(answered).filter(({ signal }) => !signal.aborted);
      if (requests.length > 1) for (const request of others) await this.serve([request]);
      else for (const { fail } of others) fail(reason);
    }
  }
}

/** Is aborted when all of these are. */
function whenAll(signals: readonly AbortSignal[]): AbortSignal {
  const all = new AbortController();
  for (const signal of signals) {
    const look = (): void => {
      if (signals.every(({ aborted }) => aborted)) all.abort(signal.reason);
    };
    signal.addEventListener('abort', look, { once: true });
  }
  return all.signal;
}
