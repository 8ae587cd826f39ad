/** What the server takes in one `log-batch`, and data sets in one `log-inputs`. */
export const batchLimits = { metrics: 1000, params: 100, tags: 100, inputs: 100, bytes: 900_000 } as const;

/** Cuts a list into parts of at most so many entries and so many bytes of JSON; an entry larger than that is a part of its own. */
export function parts<T>(entries: readonly T[], longest: number, bytes: number = batchLimits.bytes): T[][] {
  const cut: T[][] = [];
  let size = 0;
  for (const entry of entries) {
    const length = Buffer.byteLength(JSON.stringify(entry)) + 1;
    const part = cut.at(-1);
    if (part && part.length < longest && size + length <= bytes) {
      part.push(entry);
      size += length;
    } else {
      cut.push([entry]);
      size = length;
    }
  }
  return cut;
}
