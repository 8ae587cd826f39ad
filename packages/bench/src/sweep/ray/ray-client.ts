import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { setTimeout } from 'node:timers/promises';
import { BackendError } from '@promptweave/core';
import { z } from 'zod';
import { placeOf } from './ray-place.js';
import type { SweepArchive } from './sweep-archive.js';

const job = z.object({
  submission_id: z.string().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  status: z.enum(['PENDING', 'RUNNING', 'STOPPED', 'SUCCEEDED', 'FAILED']),
  message: z.string().nullish(),
  error_type: z.string().nullish(),
  driver_exit_code: z.number().nullish(),
});

/** A job as Ray tells of it. */
export type RayJob = z.output<typeof job>;

/** What a job is to be. */
export interface RayJobRequest {
  readonly submission_id: string;
  readonly entrypoint: string;
  readonly runtime_env: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly entrypoint_num_cpus: number;
  readonly entrypoint_num_gpus: number;
  /** Bytes. */
  readonly entrypoint_memory: number;
}

/** Seconds for which a head that does not answer is asked again. */
const PATIENCE = 300;
/** How often an archive is sent to a head that answers that it is broken. */
const UPLOADS = 3;
/** Seconds for one answer. */
const TIMEOUT = 120;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The Jobs REST API of a Ray head. Its dashboard refuses what looks like a browser, `fetch` of Node included; hence `node:http`. */
export class RayClient {
  private readonly headers: Readonly<Record<string, string>>;

  /**
   * @param address of the dashboard, such as `http://127.0.0.1:8265`
   * @param headers besides, such as those of an authentication
   * @param patience seconds for which a head that does not answer is asked again
   */
  constructor(
    readonly address: string,
    headers: Readonly<Record<string, string>> = {},
    private readonly patience = PATIENCE,
  ) {
    this.headers = headers;
  }

  /**
   * Jobs whose submission ids begin so. One that was removed while Ray still watched it may come back as an entry without metadata, which
   * is no job.
   */
  async list(prefix: string): Promise<RayJob[]> {
    const { text } = await this.call('GET', '/api/jobs/');
    const all = z.array(job).parse(JSON.parse(text));
    return all.filter(({ submission_id: id, metadata }) => id?.startsWith(prefix) && metadata);
  }

  /** Everything that a job printed so far; empty where it has not begun, or its node is gone or out of reach. */
  async logs(id: string): Promise<string> {
    const { status, text } = await this.call('GET', `/api/jobs/${id}/logs`, undefined, [404, 500]);
    return status === 200 ? (z.object({ logs: z.string().nullish() }).parse(JSON.parse(text)).logs ?? '') : '';
  }

  /** Submits a job; one that is there already under the same id is taken as it is. */
  async submit(request: RayJobRequest): Promise<void> {
    const { status, text } = await this.call('POST', '/api/jobs/', JSON.stringify(request), [400]);
    if (status === 400 && !text.includes('already exists')) throw this.refused('a job', status, text);
  }

  /** Takes a job that has ended off Ray's list. */
  async remove(id: string): Promise<void> {
    await this.call('DELETE', `/api/jobs/${id}`, undefined, [400, 404, 500]);
  }

  /** Uploads an archive, unless it is there. @returns its URI, and how many bytes had to be sent */
  async upload({ name, zip }: SweepArchive): Promise<{ readonly uri: string; readonly sent: number }> {
    const path = `/api/packages/gcs/${name}`;
    const uri = `gcs://${name}`;
    const known = await this.call('GET', path, undefined, [404]);
    if (known.status !== 404) return { uri, sent: 0 };
    const content = await zip();
    const { status, text } = await this.call('PUT', path, content, [413], UPLOADS);
    if (status === 413) throw this.refused(`an archive of ${(content.length / 1e6).toFixed(0)} MB`, status, text);
    return { uri, sent: content.length };
  }

  /**
   * Asks until there is an answer, or patience ends.
   * @param allowed statuses besides 2xx that the caller looks at
   * @param attempts answers of a broken server, after which it is not asked again
   */
  private async call(
    method: string,
    path: string,
    body?: string | Buffer,
    allowed: readonly number[] = [],
    attempts = Infinity,
  ): Promise<Answer> {
    const begun = performance.now();
    let attempt = 0;
    for (let pause = 0.5; ; pause = Math.min(2 * pause, 15)) {
      let problem: string;
      try {
        const answer = await this.once(method, path, body);
        if (answer.status < 300 || allowed.includes(answer.status)) return answer;
        if (answer.status < 500 && answer.status !== 429)
          throw this.refused(`${method} ${path}`, answer.status, answer.text);
        problem = `status ${answer.status}: ${answer.text.trim().split('\n').at(-1)}`;
        attempt += 1; // it took the whole of it, and could not use it
      } catch (error) {
        if (error instanceof BackendError) throw error;
        problem = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
      }
      if (attempt >= attempts || performance.now() - begun > this.patience * 1000) {
        throw new BackendError(
          `The Ray head ${attempt >= attempts ? 'cannot use what it is sent' : 'does not answer'} (${problem}).`,
          {
            where: this.address,
            remedy:
              'See whether it runs and --address is that of its dashboard; the same command goes on with the sweep.',
          },
        );
      }
      await setTimeout(pause * 1000);
    }
  }

  private once(method: string, path: string, body?: string | Buffer): Promise<Answer> {
    const url = new URL(`${placeOf(this.address)}${path}`); // a dashboard may lie below a path of an ingress
    url.search = new URL(this.address).search;
    const timeout = Math.min(TIMEOUT, this.patience);
    const headers = {
      ...this.headers,
      ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const request = (url.protocol === 'https:' ? secure : plain)(url, { method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      });
      request.setTimeout(timeout * 1000, () => request.destroy(new Error(`no answer in ${timeout} s`)));
      request.on('error', reject).end(body);
    });
  }

  private refused(what: string, status: number, text: string): BackendError {
    return new BackendError(`Ray refused ${what} with status ${status}: ${text.trim().split('\n').at(-1)}`, {
      where: this.address,
      remedy:
        'See whether --address is that of a Ray dashboard of version 2.9 or later, and RAY_JOB_HEADERS authenticates.',
    });
  }
}
