import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { MlflowProtocolError } from '../errors.js';

/** How much an answer may hold, and how long it may take. */
export interface Bounds {
  /** Bytes at most. */
  readonly bytes: number;
  /** Seconds after which the answer must have come at `bytesPerSecond`, on average. */
  readonly seconds: number;
  /** Default: the answer must be whole by then. */
  readonly bytesPerSecond?: number;
  /** The request, for errors. */
  readonly request: string;
}

/** Bytes of JSON at most: a page of 25,000 metrics has 9 MB. */
export const LONGEST_JSON = 32 * 2 ** 20;
/** Bytes of a file at most, where nobody says how large it is. */
export const LONGEST_FILE = 2 ** 30;
/** Bytes of a refusal that are looked at. */
export const LONGEST_REFUSAL = 64 * 2 ** 10;
/** Bytes per second, on average, below which a file that takes long counts as one that never ends. */
export const SLOWEST_FILE = 10 * 2 ** 10;

/** An answer's body that ends in an error where it is longer, or takes longer, than it may. */
export function bounded(message: IncomingMessage, bounds: Bounds): Readable {
  return Readable.from(parts(message, bounds), { objectMode: false });
}

async function* parts(message: IncomingMessage, bounds: Bounds): AsyncGenerator<Buffer, void, undefined> {
  const { bytes, seconds, bytesPerSecond = Infinity, request } = bounds;
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > bytes) throw tooLong(request, bytes);
  const begun = performance.now();
  let length = 0;
  for await (const part of message) {
    length += (part as Buffer).length;
    if (length > bytes) throw tooLong(request, bytes);
    const passed = (performance.now() - begun) / 1000;
    if (passed > seconds && length < bytesPerSecond * passed) {
      const problem = `${request}: after ${Math.round(passed)} s the answer has ${length} bytes and does not end.`;
      throw new MlflowProtocolError(`${problem} Look at the server, and at proxies before it.`, { request });
    }
    yield part as Buffer;
  }
}

function tooLong(request: string, bytes: number): MlflowProtocolError {
  const most = bytes >= 2 ** 20 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${bytes} bytes`;
  return new MlflowProtocolError(
    `${request}: the answer is longer than ${most}, which it may be at most. Is this the address of an MLflow server?`,
    { request },
  );
}

/** The whole body as text. */
export async function boundedText(message: IncomingMessage, bounds: Bounds): Promise<string> {
  const read: Buffer[] = [];
  for await (const part of parts(message, bounds)) read.push(part);
  return Buffer.concat(read).toString('utf8');
}

/** The first bytes of a body, which need not end. */
export async function beginning(message: IncomingMessage, bounds: Bounds): Promise<string> {
  const read: Buffer[] = [];
  let length = 0;
  for await (const part of parts(message, { ...bounds, bytes: Infinity })) {
    read.push(part);
    length += part.length;
    if (length >= bounds.bytes) break;
  }
  return Buffer.concat(read).toString('utf8', 0, Math.min(length, bounds.bytes));
}
