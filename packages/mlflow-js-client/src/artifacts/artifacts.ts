import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { MlflowProtocolError } from '../errors.js';
import type { CallOptions, Connection } from '../http/connection.js';
import { FileStore } from './file-store.js';
import { ProxyStore } from './proxy-store.js';
import type { ArtifactInfo, ArtifactStore } from './store.js';

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

  /** @throws MlflowProtocolError where the place is one that needs other credentials (s3:, gs:, …) */
  store(place: string): ArtifactStore {
    if (isAbsolute(place)) return new FileStore(place);
    const { protocol, pathname } = new URL(place);
    if (protocol === 'file:') return new FileStore(fileURLToPath(place));
    if (protocol === 'mlflow-artifacts:') {
      return new ProxyStore(this.connection, decodeURIComponent(pathname).replace(/^\/+|\/+$/g, ''));
    }
    throw new MlflowProtocolError(
      `Artifacts at ${protocol} are out of this client's reach. Start the tracking server with --serve-artifacts and --artifacts-destination.`,
      { request: place },
    );
  }

  /** Writes text or bytes under a path. */
  async upload(place: string, path: string, content: string | Uint8Array, options?: CallOptions): Promise<void> {
    const bytes = Buffer.from(content as Uint8Array);
    await this.store(place).write(path, () => Readable.from([bytes], { objectMode: false }), options);
  }

  /** Sends a file as a stream. */
  async uploadFile(place: string, path: string, file: string, options?: CallOptions): Promise<void> {
    await this.store(place).write(path, () => createReadStream(file), options);
  }

  /** Reads a file into memory. */
  async download(place: string, path: string, options?: CallOptions): Promise<Buffer> {
    return await this.store(place).read(path, buffer, options);
  }

  /** Writes a file of the artifacts to the disk, as a stream; it appears under its name when it is whole. */
  async downloadFile(place: string, path: string, file: string, options?: CallOptions): Promise<void> {
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

  /** Writes all files below a place into a folder. @returns their paths */
  async downloadAll(place: string, folder: string, options?: CallOptions): Promise<string[]> {
    const paths: string[] = [];
    for await (const { path } of this.files(place, undefined, options)) {
      await this.downloadFile(place, path, join(folder, ...path.split('/')), options);
      paths.push(path);
    }
    return paths;
  }

  async list(place: string, folder?: string, options?: CallOptions): Promise<readonly ArtifactInfo[]> {
    return await this.store(place).list(folder, options);
  }

  /** All files below a folder, however deep. */
  async *files(place: string, folder?: string, options?: CallOptions): AsyncGenerator<ArtifactInfo> {
    for (const entry of await this.list(place, folder, options)) {
      if (entry.isFolder) yield* this.files(place, entry.path, options);
      else yield entry;
    }
  }

  async delete(place: string, path: string, options?: CallOptions): Promise<void> {
    await this.store(place).delete(path, options);
  }
}
