import { MlflowProtocolError } from './errors.js';

/** One page of a search. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Token of the next page; absent on the last one. */
  readonly next?: string;
}

const MOST_PAGES = 1000;

/**
 * All items of a search, page after page, each fetched when it is needed.
 * @throws MlflowProtocolError where the pages do not end: a token comes again, or there are more than 1,000
 *
 * @example
 * for await (const run of client.runs.search({ experimentIds: ['1'] })) console.log(run.info.runName);
 */
export async function* everyPage<T>(fetch: (token?: string) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  const tokens = new Set<string>();
  let token: string | undefined;
  do {
    const { items, next }: Page<T> = await fetch(token);
    yield* items;
    if (next && (tokens.has(next) || tokens.size >= MOST_PAGES)) {
      const message = `The server's list does not end: ${tokens.size + 1} pages, and a token for yet another one.`;
      throw new MlflowProtocolError(message, { request: 'a page of a list' });
    }
    if (next) tokens.add(next);
    token = next;
  } while (token);
}
