import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { MlflowProtocolError } from '../errors.js';
import type { CallOptions, Connection } from '../http/connection.js';
import { line } from '../http/refusal.js';
import { FileStore } from './file-store.js';
import { ProxyStore } from './proxy-store.js';
import { checkPath, type ArtifactInfo, type ArtifactStore, type ReadOptions } from './store.js';

const SERVE = 'Start the tracking server with --serve-artifacts and --artifacts-destination.';
/** Entries that a list of artifacts may have, and folders in each other. */
const MOST_FILES = 10_000;
const DEEPEST = 20;

/**
 * Files of runs and models. A place is an artifact URI: `mlflow-artifacts:` (kept by the tracking server), `file:` or an
 * absolute path (a folder that this machine sees, too).
 *
 * @example
 * const { info } = await client.runs.get(runId);
 * await client.artifacts.uploadFile(info.artifactUri, 'plots/loss.svg', 'loss.svg');
 */
export class Artifacts {
  constructor(private readonly connection: Connection) {}

  /**
   * @throws MlflowProtocolError where the place is no address, one that needs other credentials (s3:, gs:, …), or a folder that a server on
   *   another machine names: here, that folder is this machine's own
   */
  store(place: string): ArtifactStore {
    const path = folderOf(place);
    if (path !== undefined) {
      if (isThisMachine(this.connection.address)) return new FileStore(path);
      const message = `${this.connection.address} keeps artifacts in a folder of its own machine (${line(place, 100)}).`;
      throw new MlflowProtocolError(`${message} ${SERVE}`, { request: line(place, 100) });
    }
    const { protocol, pathname } = URL.canParse(place) ? new URL(place) : { protocol: '', pathname: '' };
    const root = protocol === 'mlflow-artifacts:' ? decoded(pathname) : undefined;
    if (root !== undefined) return new ProxyStore(this.connection, root.replace(/^\/+|\/+$/g, ''));
    throw new MlflowProtocolError(`Artifacts at "${line(place, 100)}" are out of this client's reach. ${SERVE}`, {
      request: `artifacts at ${line(place, 100)}`,
    });
  }

  /** Writes text or bytes under a path. */
  async upload(place: string, path: string, content: string | Uint8Array, options?: CallOptions): Promise<void> {
    const bytes =
      typeof content === 'string'
        ? Buffer.from(content)
        : Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    await this.store(place).write(path, () => Readable.from([bytes], { objectMode: false }), options);
  }

  /** Sends a file as a stream. */
  async uploadFile(place: string, path: string, file: string, options?: CallOptions): Promise<void> {
    await this.store(place).write(path, () => createReadStream(file), options);
  }

  /** Reads a file into memory. */
  async download(place: string, path: string, options?: ReadOptions): Promise<Buffer> {
    return await this.store(place).read(path, buffer, options);
  }

  /** Writes a file of the artifacts to the disk, as a stream; it appears under its name when it is whole. */
  async downloadFile(place: string, path: string, file: string, options?: ReadOptions): Promise<void> {
    const temporary = `${file}.${randomUUID()}.tmp`;
    await mkdir(dirname(file), { recursive: true });
    try {
      await this.store(place).read(path, (content) => pipeline(content, createWriteStream(temporary)), options);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /**
   * Writes all files below a place into a folder.
   * @returns their paths
   * @throws MlflowProtocolError where the server lists a path that leads out of the folder, or more than there can be
   */
  async downloadAll(place: string, folder: string, options?: CallOptions): Promise<string[]> {
    const paths: string[] = [];
    for await (const { path, size } of this.files(place, undefined, options)) {
      const file = join(folder, ...checkPath(path).split('/'));
      await this.downloadFile(place, path, file, { ...options, longest: size });
      paths.push(path);
    }
    return paths;
  }

  /**
   * What lies directly in a folder below a place; nothing where there is no such folder.
   * @param folder relative to the place, with slashes; by default the place itself
   */
  async list(place: string, folder?: string, options?: CallOptions): Promise<readonly ArtifactInfo[]> {
    return await this.store(place).list(folder, options);
  }

  /** All files below a folder. @throws MlflowProtocolError where there are more than 10,000, or more than 20 folders in each other */
  async *files(place: string, folder?: string, options?: CallOptions): AsyncGenerator<ArtifactInfo> {
    const waiting: { readonly path?: string; readonly depth: number }[] = [{ path: folder, depth: 0 }];
    let entries = 0;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      for (const entry of await this.list(place, next.path, options)) {
        if (++entries > MOST_FILES || next.depth > DEEPEST) {
          const message = `The list of artifacts does not end: ${entries} entries, ${next.depth} folders deep.`;
          throw new MlflowProtocolError(message, { request: `artifacts at ${line(place, 100)}` });
        }
        if (entry.isFolder) waiting.push({ path: entry.path, depth: next.depth + 1 });
        else yield entry;
      }
    }
  }

  /** Deletes a file, or a folder with all that is in it. */
  async delete(place: string, path: string, options?: CallOptions): Promise<void> {
    await this.store(place).delete(path, options);
  }
}

/** The folder that a place is, where it is one. */
function folderOf(place: string): string | undefined {
  if (isAbsolute(place)) return place;
  if (!URL.canParse(place) || new URL(place).protocol !== 'file:') return undefined;
  try {
    return fileURLToPath(place);
  } catch (cause) {
    throw new MlflowProtocolError(`"${line(place, 100)}" is no folder.`, { request: line(place, 100), cause });
  }
}

/** Whether a server runs on this machine, whose folders it names then. */
function isThisMachine(address: string): boolean {
  const { hostname: host } = new URL(address);
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host) || host === hostname();
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
