import type { IncomingHttpHeaders } from 'node:http';

/** An answer of the store: what JSON says, or bytes. */
interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A large file of the store. */
export interface XetFile {
  readonly oid: string;
  readonly size: number;
}

const SECRET = 'xet_secret';
/** Bytes before each chunk: version, compressed length (3), scheme, length (3). */
const HEADER = 8;

/** As much of the hub's store of chunks as it takes to write a file and to read it again: blocks of chunks, which files are put together from. */
export class FakeXetStore {
  /** What came to the store: paths of requests, and bytes. */
  readonly chunks: { readonly path: string; readonly size: number }[] = [];
  private readonly blocks = new Map<string, Buffer>();
  /** Blocks of each file, in their order. */
  private readonly files = new Map<string, readonly string[]>();
  /** Blocks that belong to no file yet. */
  private fresh: string[] = [];

  /** @param url of the hub */
  token(url: string): object {
    return { accessToken: SECRET, casUrl: `${url}/cas`, exp: Math.floor(Date.now() / 1000) + 3600 };
  }

  /** Makes a file of the blocks that came last; false where there is no such file. */
  keep({ oid }: XetFile): boolean {
    if (this.fresh.length > 0) this.files.set(oid, this.fresh);
    this.fresh = [];
    return this.files.has(oid);
  }

  /** What stands in the place of a file where it is asked for. */
  pointer(url: string, { oid, size }: XetFile): Answer {
    const links = {
      'xet-auth': `${url}/xet-read-token`,
      'xet-reconstruction-info': `${url}/cas/v1/reconstructions/${oid}`,
    };
    const link = Object.entries(links).map(([rel, place]) => `<${place}>; rel="${rel}"`);
    return {
      json: {},
      headers: {
        ...{ 'content-type': 'application/vnd.xet-fileinfo+json', 'x-linked-size': String(size), 'x-xet-hash': oid },
        ...{ 'x-linked-etag': `"${oid}"`, link: link.join(', ') },
      },
    };
  }

  answer(
    url: string,
    method: string,
    path: string,
    { authorization, range = '' }: IncomingHttpHeaders,
    body: Buffer,
  ): Answer {
    const name = path.split('/').at(-1)!;
    if (path.startsWith('/cas/data/')) {
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
      return { status: 206, bytes: this.blocks.get(name)!.subarray(Number(first), Number(last) + 1) };
    }
    if (authorization !== `Bearer ${SECRET}`) return { status: 401, json: { error: 'Invalid token' } };
    if (path.startsWith('/cas/v2/reconstructions/')) return { json: this.reconstruction(url, name) };
    if (method === 'GET') return { status: 404, json: { error: 'No such chunk' } }; // it asks for chunks that are there already
    this.chunks.push({ path, size: body.length });
    if (path.endsWith('/shards')) return { json: { result: 1 } };
    this.blocks.set(name, body);
    this.fresh.push(name);
    return { json: { was_inserted: true } };
  }

  /** How a file is put together. */
  private reconstruction(url: string, oid: string): object {
    const terms = this.files.get(oid)!.map((hash) => {
      const lengths = chunkLengths(this.blocks.get(hash)!);
      return {
        ...{ hash, unpacked_length: lengths.reduce((sum, length) => sum + length, 0) },
        range: { start: 0, end: lengths.length },
      };
    });
    const xorbs = terms.map(({ hash, range: chunks }) => {
      const bytes = { start: 0, end: this.blocks.get(hash)!.length - 1 };
      return [hash, [{ url: `${url}/cas/data/${hash}`, ranges: [{ chunks, bytes }] }]];
    });
    return { terms, xorbs: Object.fromEntries(xorbs) as object, offset_into_first_range: 0 };
  }
}

/** Lengths of the chunks of a block before they were compressed. */
function chunkLengths(block: Buffer): number[] {
  const lengths: number[] = [];
  for (let at = 0; at < block.length; at += HEADER + block.readUIntLE(at + 1, 3))
    lengths.push(block.readUIntLE(at + 5, 3));
  return lengths;
}
