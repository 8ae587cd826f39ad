/** One page of a search. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Token of the next page; absent on the last one. */
  readonly next?: string;
}

/**
 * All items of a search, page after page, each fetched when it is needed.
 *
 * @example
 * for await (const run of client.runs.search({ experimentIds: ['1'] })) console.log(run.info.runName);
 */
export async function* everyPage<T>(fetch: (token?: string) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  let token: string | undefined;
  do {
    const { items, next }: Page<T> = await fetch(token);
    yield* items;
    token = next;
  } while (token);
}
