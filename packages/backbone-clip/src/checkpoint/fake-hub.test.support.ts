import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { FakeXetStore, type XetFile } from './fake-xet-store.test.support.js';

/** How the hub takes large files: in one piece, in parts of 1,000 bytes, or as chunks that are known by their content. */
export type Transfer = 'basic' | 'multipart' | 'xet';

/** The one commit that a repository has. */
export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
/** Who may write. */
export const TOKEN = 'hf_secret';
const PART = 1000;

/** An answer: what JSON says, or bytes. */
interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * As much of the Hugging Face hub as repositories of models need: made, written to as `git-lfs` and xet write large files, and read.
 * As on the hub, weights are large files whatever their size.
 */
export class FakeHub {
  /** Files of each repository by their paths. */
  readonly repositories = new Map<string, Map<string, Buffer>>();
  /** Repositories that nobody may read. */
  readonly closed = new Set<string>();
  readonly asked: string[] = [];
  transfer: Transfer = 'basic';
  /** Large files by their SHA-256, and their parts before they are complete. */
  private readonly stored = new Map<string, Buffer>();
  /** Large files of commits: they are not sent again. */
  private readonly known = new Set<string>();
  readonly xet = new FakeXetStore();
  /** Files that came as chunks, by repository and path. */
  private readonly pointers = new Map<string, XetFile>();
  private server?: Server;

  get url(): string {
    return `http://127.0.0.1:${(this.server!.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    this.server = createServer((request, response) => void this.handle(request, response)).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return this;
  }

  stop(): void {
    this.server?.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(request.url!, 'http://hub').pathname);
    this.asked.push(`${request.method} ${path}`);
    const { status = 200, json, bytes, headers } = this.answer(request, path, await buffer(request));
    const content = bytes ?? Buffer.from(JSON.stringify(json ?? {}));
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': content.length, ...headers });
    response.end(content);
  }

  private answer({ method, headers }: IncomingMessage, path: string, body: Buffer): Answer {
    const [, lfs] = /^\/lfs\/(.+)$/.exec(path) ?? [];
    if (lfs !== undefined) return this.storeLarge(method!, lfs, body);
    if (path === '/xet-read-token') return { json: this.xet.token(this.url) };
    if (path.startsWith('/cas/')) return this.xet.answer(this.url, method!, path, headers, body);
    const isWrite = method === 'POST' && !path.includes('/paths-info/');
    if (isWrite && headers.authorization !== `Bearer ${TOKEN}`) return refused(401, 'Invalid token');
    if (path === '/api/repos/create') return this.create(json(body) as { name: string; organization?: string });
    const [, api, name = '', rest = ''] = /^\/(api\/models\/)?([^/]+\/[^/]+?)(?:\.git)?(?:\/(.*))?$/.exec(path) ?? [];
    if (this.closed.has(name)) return refused(401, 'Invalid credentials');
    const files = this.repositories.get(name);
    if (!files) return refused(404, 'Repository not found');
    if (!api && rest === 'info/lfs/objects/batch') return this.batch(json(body) as Batch);
    if (!api) {
      const file = rest.replace(`resolve/${COMMIT}/`, '');
      const pointer = this.pointers.get(`${name}/${file}`);
      return pointer ? this.xet.pointer(this.url, pointer) : read(files.get(file), headers.range);
    }
    if (rest.startsWith('preupload/')) {
      const { files: given } = json(body) as { files: { path: string }[] };
      return {
        json: { files: given.map((file) => ({ ...file, uploadMode: isLarge(file.path) ? 'lfs' : 'regular' })) },
      };
    }
    if (rest.startsWith('commit/')) return this.commit(name, files, body);
    if (rest.startsWith('paths-info/')) {
      const { paths } = json(body) as { paths: string[] };
      return { json: paths.flatMap((one) => infoOf(one, files.get(one), this.pointers.get(`${name}/${one}`))) };
    }
    const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
    return { json: { _id: '1', id: name, sha: COMMIT, siblings, lastModified: '2020-01-01T00:00:00Z' } };
  }

  private create({ name, organization }: { readonly name: string; readonly organization?: string }): Answer {
    const whole = organization === undefined ? name : `${organization}/${name}`;
    if (this.repositories.has(whole)) return refused(409, 'You already created this model repo');
    this.repositories.set(whole, new Map());
    return { json: { url: `${this.url}/${whole}` } };
  }

  /** Where large files go, but for those that are there. */
  private batch({ objects, transfers }: Batch): Answer {
    const { transfer, url } = this;
    if (!transfers.includes(transfer)) return refused(400, `No transfer ${transfer}`);
    const places = objects.map(({ oid, size }) => {
      if (this.known.has(oid)) return { oid, size };
      const parts = Array.from({ length: Math.ceil(size / PART) }, (_, i) => [
        `${i + 1}`,
        `${url}/lfs/${oid}/${i + 1}`,
      ]);
      const upload = {
        basic: { href: `${url}/lfs/${oid}` },
        multipart: {
          href: `${url}/lfs/${oid}/complete`,
          header: { chunk_size: String(PART), ...Object.fromEntries(parts) },
        },
        xet: {
          href: `${url}/xet-write-token`,
          header: {
            ...{ 'X-Xet-Session-Id': 'session', 'X-Xet-Cas-Url': `${url}/cas`, 'X-Xet-Access-Token': 'xet_secret' },
            'X-Xet-Token-Expiration': String(Math.floor(Date.now() / 1000) + 3600),
          },
        },
      }[transfer];
      return { oid, size, actions: { upload } };
    });
    return { json: { transfer: transfer === 'multipart' ? 'basic' : transfer, objects: places } };
  }

  private storeLarge(method: string, place: string, body: Buffer): Answer {
    const [oid = '', part] = place.split('/');
    if (part === 'complete') {
      const { parts } = json(body) as { parts: { partNumber: number; etag: string }[] };
      const found = parts.map(({ partNumber, etag }) => {
        const content = this.stored.get(`${oid}/${partNumber}`);
        return content && etag === etagOf(content) ? content : undefined;
      });
      if (found.includes(undefined)) return refused(400, 'A part is missing');
      this.stored.set(oid, Buffer.concat(found as Buffer[]));
      return {};
    }
    if (method !== 'PUT') return refused(405, 'No such method');
    this.stored.set(place, body);
    return { headers: { etag: etagOf(body) } };
  }

  private commit(repository: string, files: Map<string, Buffer>, body: Buffer): Answer {
    for (const line of body.toString().split('\n').filter(Boolean)) {
      const { key, value } = JSON.parse(line) as { key: string; value: Record<string, string | number> };
      if (key === 'file') files.set(String(value['path']), Buffer.from(String(value['content']), 'base64'));
      if (key !== 'lfsFile') continue;
      const [oid, path] = [String(value['oid']), String(value['path'])];
      const file = { oid, size: Number(value['size']) };
      if (this.transfer === 'xet') {
        if (!this.xet.keep(file)) return refused(400, 'A large file is not there');
        this.pointers.set(`${repository}/${path}`, file);
      } else {
        const content = this.stored.get(oid);
        const isWhole = content && sha256(content) === oid && content.length === file.size;
        if (!isWhole) return refused(400, 'A large file is not there');
        files.set(path, content);
      }
      this.known.add(oid);
    }
    return { json: { commitUrl: `${this.url}/commit/${COMMIT}`, commitOid: COMMIT } };
  }
}

interface Batch {
  readonly objects: readonly { readonly oid: string; readonly size: number }[];
  readonly transfers: readonly string[];
}

function isLarge(path: string): boolean {
  return /\.(safetensors|bin)$/.test(path);
}

function infoOf(path: string, content: Buffer | undefined, pointer: XetFile | undefined): object[] {
  if (pointer)
    return [
      { type: 'file', path, oid: `oid-${pointer.oid}`, size: pointer.size, lfs: { ...pointer, pointerSize: 130 } },
    ];
  if (!content) return [];
  const size = content.length;
  const lfs = { oid: sha256(content), size, pointerSize: 130 };
  return [{ type: 'file', path, oid: `oid-${path.replaceAll('/', '-')}`, size, ...(isLarge(path) && { lfs }) }];
}

function read(content: Buffer | undefined, range = ''): Answer {
  if (!content) return { ...refused(404, 'Entry not found'), headers: { 'x-error-code': 'EntryNotFound' } };
  const [, first, last] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
  const begin = Number(first ?? 0);
  const bytes = content.subarray(begin, first === undefined ? undefined : Number(last) + 1);
  return {
    ...{ status: first === undefined ? 200 : 206, bytes },
    headers: {
      ...{ 'content-type': 'application/octet-stream', etag: etagOf(content) },
      'content-range': `bytes ${begin}-${begin + bytes.length - 1}/${content.length}`,
    },
  };
}

function refused(status: number, error: string): Answer {
  return { status, json: { error } };
}

function json(body: Buffer): unknown {
  return JSON.parse(body.toString());
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function etagOf(content: Buffer): string {
  return `"${sha256(content).slice(0, 32)}"`;
}
