import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { RayJob, RayJobRequest } from './ray-client.js';

/** How a job ended. */
export type Ending = Pick<RayJob, 'status' | 'message' | 'error_type' | 'driver_exit_code'>;

/** A Ray head with the requests that the engine makes, and what becomes of the jobs. */
export class FakeHead {
  readonly jobs = new Map<string, RayJob>();
  /** Archives that are there. */
  readonly packages = new Set<string>();
  /** Archives that were sent, each time. */
  readonly sent: string[] = [];
  readonly removed: string[] = [];
  /** Called before a job is taken off the list. */
  beforeRemoval: () => void = () => undefined;
  readonly submitted: RayJobRequest[] = [];
  /** What becomes of a job; it has ended when it is asked for. */
  ending: (request: RayJobRequest) => Ending = () => ({ status: 'SUCCEEDED' });
  /** What a job has printed, or a status of an answer without it. */
  output: (job: string) => string | 404 | 500 = () => '';
  private readonly server = createServer((request, response) => void this.handle(request, response));

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const [status, answer] = this.answer(`${request.method} ${request.url}`, body);
    response.writeHead(status).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }

  private answer(what: string, body: Buffer): [number, unknown] {
    if (what === 'GET /api/jobs/') return [200, [...this.jobs.values()]];
    if (what === 'POST /api/jobs/') return this.submit(JSON.parse(body.toString()) as RayJobRequest);
    const [, method, kind, name = ''] = /^(\w+) \/api\/(jobs|packages\/gcs)\/([^/]+)/.exec(what) ?? [];
    if (kind === 'packages/gcs') {
      if (method === 'GET') return this.packages.has(name) ? [200, ''] : [404, 'no such package'];
      this.packages.add(name);
      this.sent.push(name);
      return [200, ''];
    }
    if (!this.jobs.has(name)) return [404, `Job ${name} does not exist`];
    if (method === 'DELETE') {
      this.beforeRemoval();
      this.removed.push(name);
      this.jobs.delete(name);
      return [200, {}];
    }
    const output = this.output(name);
    return typeof output === 'number' ? [output, 'Traceback: no agent'] : [200, { logs: output }];
  }

  private submit(request: RayJobRequest): [number, unknown] {
    const { submission_id, metadata } = request;
    this.submitted.push(request);
    this.jobs.set(submission_id, { submission_id, metadata, ...this.ending(request) });
    return [200, { submission_id }];
  }
}
