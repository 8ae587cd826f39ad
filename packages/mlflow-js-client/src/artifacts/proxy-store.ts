import type { Readable } from 'node:stream';
import { hasCode } from '../errors.js';
import { queryOf, type CallOptions, type Connection } from '../http/connection.js';
import { number, objects, text } from '../wire.js';
import { checkPath, type ArtifactInfo, type ArtifactStore, type ReadOptions } from './store.js';

const ROUTE = '/api/2.0/mlflow-artifacts/artifacts';

/** Artifacts that the tracking server keeps for its clients (`mlflow-artifacts:`). */
export class ProxyStore implements ArtifactStore {
  /** @param root folder below the server's root of artifacts, e.g. "1/…/artifacts" */
  constructor(
    private readonly connection: Connection,
    private readonly root: string,
  ) {}

  async write(path: string, open: () => Readable, options?: CallOptions): Promise<void> {
    const headers = { 'Content-Type': 'application/octet-stream' };
    await this.connection.send({ method: 'PUT', path: this.route(path), body: open, headers }, options);
  }

  async read<T>(
    path: string,
    consume: (content: Readable) => Promise<T>,
    { longest, ...options }: ReadOptions = {},
  ): Promise<T> {
    return await this.connection.requestFile({ method: 'GET', path: this.route(path) }, consume, options, longest);
  }

  async list(folder = '', options?: CallOptions): Promise<readonly ArtifactInfo[]> {
    const path = [this.root, folder && checkPath(folder)].filter(Boolean).join('/');
    const request = { method: 'GET', path: `${ROUTE}${queryOf({ path })}` } as const;
    try {
      const answer = await this.connection.requestJson(request, options);
      return objects(answer['files']).map((file) => ({
        path: [folder, text(file['path'])].filter(Boolean).join('/'),
        isFolder: file['is_dir'] === true,
        ...(file['is_dir'] !== true && { size: number(file['file_size']) }),
      }));
    } catch (error) {
      if (hasCode(error, 'RESOURCE_DOES_NOT_EXIST', 'NOT_FOUND')) return [];
      throw error;
    }
  }

  async delete(path: string, options?: CallOptions): Promise<void> {
    await this.connection.send({ method: 'DELETE', path: this.route(path) }, options);
  }

  private route(path: string): string {
    const whole = [this.root, checkPath(path)].filter(Boolean).join('/');
    return `${ROUTE}/${whole.split('/').map(encodeURIComponent).join('/')}`;
  }
}
