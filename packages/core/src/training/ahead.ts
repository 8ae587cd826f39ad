/** The same values, each asked for while the one before it is being used. */
export async function* ahead<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const result = await next;
      if (result.done) return;
      next = iterator.next();
      next.catch(() => undefined); // reported when it is awaited, if it ever is
      yield result.value;
    }
  } finally {
    await iterator.return?.();
  }
}
