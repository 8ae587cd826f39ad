import { DatasetError } from '@promptweave/core';

/** Milliseconds until an address must have given its image. */
const PATIENCE = 30_000;

/**
 * The bytes behind an address.
 * @param most bytes that are taken
 * @throws DatasetError naming the address, where there is no answer in time, another one than 200, or too many bytes
 */
export async function fetchImage(address: string, most: number): Promise<Buffer> {
  const where = withoutPassword(address);
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE) });
    if (!response.ok) {
      await response.body?.cancel();
      throw new DatasetError(`The image cannot be fetched: ${where} answers ${response.status}.`, {
        where,
        remedy: 'Check the address.',
      });
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk as Uint8Array);
      bytes += (chunk as Uint8Array).byteLength;
      if (bytes > most) {
        throw new DatasetError(`The image is larger than ${Math.round(most / 2 ** 20)} MiB.`, {
          where,
          remedy: 'Use a smaller copy of the image.',
        });
      }
    }
    return Buffer.concat(chunks);
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    const { name, message, cause: reason } = cause as Error;
    const why = name === 'TimeoutError' ? `no answer within ${PATIENCE / 1000} s` : (reasonOf(reason) ?? message);
    throw new DatasetError(`The image cannot be fetched: ${where}: ${why}.`, {
      where,
      remedy: 'Check the address and the connection.',
      cause,
    });
  }
}

/** What `fetch` hides behind "fetch failed". */
function reasonOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : undefined;
}

function withoutPassword(address: string): string {
  return address.replace(/^(https?:\/\/)[^/@]*@/i, '$1…@');
}
