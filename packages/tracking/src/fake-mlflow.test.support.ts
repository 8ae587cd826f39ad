import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

type Json = Record<string, unknown>;
interface FakeMetric extends Json {
  readonly key: string;
  readonly step: number;
}

/** What the fake server knows of a run. */
export interface FakeRun {
  readonly id: string;
  status: string;
  deleted: boolean;
  readonly startTime: number;
  readonly tags: Record<string, string>;
  readonly params: Record<string, string>;
  /** As they came, also what came twice. */
  readonly metrics: FakeMetric[];
  readonly artifacts: Record<string, string>;
  /** Data sets of `runs/log-inputs`, each once. */
  readonly inputs: Json[];
}

/** What happens to a request: `ok`, or nothing of it is done, or it is done and the answer is lost. */
export type Fate = 'ok' | 'hang' | 'reset' | 'lost answer' | 'too large' | 'forbidden' | 'not here' | 500 | 401 | 429;

/** What a proxy before the server answers. */
const pages = {
  'too large': [413, '413 Request Entity Too Large'],
  forbidden: [403, '403 Forbidden'],
  'not here': [404, '404 Not Found'],
} as const;

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message = '',
  ) {
    super(message);
  }
}

/**
 * A tracking server in memory. Like MLflow's on files, it keeps metrics that come twice twice, so that double delivery shows.
 * `fate` decides what becomes of each request.
 */
export class FakeMlflow {
  readonly runs: FakeRun[] = [];
  readonly requests: string[] = [];
  /** Versions of registered models. */
  readonly versions: Json[] = [];
  fate: (endpoint: string, body: string) => Fate | Promise<Fate> = () => 'ok';
  private server?: Server;
  private port = 0;

  get uri(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts, at the same port again after a stop. */
  async start(): Promise<this> {
    this.server = createServer((request, response) => void this.handle(request, response));
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (!server) return;
    this.server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Active runs with a tag. */
  tagged(tag: string, value: string): FakeRun[] {
    return this.runs.filter((run) => !run.deleted && run.tags[tag] === value);
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request).catch(() => Buffer.alloc(0));
    const body = bytes.toString('utf8');
    const url = new URL(request.url!, this.uri);
    const file = request.method === 'GET' && this.fileAt(url.pathname);
    if (typeof file === 'string') return void response.end(file);
    const endpoint = url.pathname.replace('/api/2.0/mlflow/', '').replace('/api/2.0/mlflow-artifacts/', '');
    this.requests.push(endpoint);
    const fate = await this.fate(endpoint, body);
    if (fate === 'hang') return;
    if (fate === 'reset') return void request.socket.resetAndDestroy();
    if (fate in pages) {
      const [status, title] = pages[fate as keyof typeof pages];
      response.writeHead(status, { 'Content-Type': 'text/html' });
      return void response.end(`<html>\n<head><title>${title}</title></head><body><h1>${title}</h1></body></html>`);
    }
    if (typeof fate === 'number')
      return answer(response, fate, { error_code: 'SOME_CODE', message: 'as the test wants' });
    try {
      const result = this.answerOf(endpoint, url.searchParams, body);
      if (fate === 'lost answer') return void request.socket.resetAndDestroy();
      answer(response, 200, result);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer(response, error.status, { error_code: error.code, message: error.message });
    }
  }

  private answerOf(endpoint: string, query: URLSearchParams, text: string): Json {
    if (endpoint.startsWith('artifacts/')) {
      const [, run, ...path] = endpoint.split('/').map(decodeURIComponent);
      this.run(run!).artifacts[path.join('/')] = text;
      return {};
    }
    const body = (text ? JSON.parse(text) : Object.fromEntries(query)) as Json;
    switch (endpoint) {
      case 'experiments/get-by-name':
        return { experiment: { experiment_id: '1', name: body['experiment_name'] } };
      case 'runs/create': {
        const run: FakeRun = {
          ...{ id: randomUUID(), status: 'RUNNING', deleted: false, startTime: Number(body['start_time']) },
          ...{ tags: record(body['tags']), params: {}, metrics: [], artifacts: {}, inputs: [] },
        };
        this.runs.push(run);
        return { run: describe(run) };
      }
      case 'runs/search': {
        const [, tag, value] = /^tags\.`(.*)` = '(.*)'$/.exec(String(body['filter']))!;
        return { runs: this.tagged(tag!, value!).map(describe) };
      }
      case 'runs/get':
        return { run: describe(this.run(body['run_id'])) };
      case 'runs/update':
        this.active(body).status = String(body['status']);
        return {};
      case 'runs/delete':
        this.active(body).deleted = true;
        return {};
      case 'runs/set-tag':
        this.active(body).tags[String(body['key'])] = String(body['value']);
        return {};
      case 'runs/log-batch': {
        const run = this.active(body);
        const metrics = (body['metrics'] ?? []) as FakeMetric[];
        if (metrics.length > 1000) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', 'too many');
        if (metrics.some(({ key }) => key === 'refused')) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', 'bad key');
        run.metrics.push(...metrics);
        Object.assign(run.tags, record(body['tags']));
        Object.assign(run.params, record(body['params']));
        return {};
      }
      case 'runs/log-inputs': {
        const { inputs } = this.active(body);
        for (const input of body['datasets'] as Json[]) {
          const { name, digest } = input['dataset'] as Record<string, string>;
          if (name!.length > 500 || digest!.length > 36) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', 'too long');
          if (!inputs.some((known) => JSON.stringify(known) === JSON.stringify(input))) inputs.push(input);
        }
        return {};
      }
      case 'metrics/get-history':
        return { metrics: this.run(body['run_id']).metrics.filter(({ key }) => key === body['metric_key']) };
      case 'artifacts': {
        const [run, ...folder] = String(body['path']).split('/');
        const prefix = folder.map((part) => `${part}/`).join('');
        const within = Object.keys(this.run(run).artifacts).filter((path) => path.startsWith(prefix));
        const names = new Set(within.map((path) => path.slice(prefix.length).split('/')[0]!));
        const files = [...names].map((path) => ({
          path,
          is_dir: within.some((name) => name.startsWith(`${prefix}${path}/`)),
        }));
        return { files };
      }
      case 'model-versions/get':
        return { model_version: this.versions.find(({ version }) => version === body['version']) };
      case 'model-versions/get-download-uri':
        return { artifact_uri: this.versions.find(({ version }) => version === body['version'])!['source'] };
      case 'model-versions/search':
        return { model_versions: this.versions };
      case 'registered-models/create':
        return { registered_model: { name: body['name'] } };
      case 'model-versions/create':
        this.versions.push({ ...body, version: String(this.versions.length + 1), status: 'READY' });
        return { model_version: this.versions.at(-1) };
      default:
        throw new Refusal(404, 'ENDPOINT_NOT_FOUND', endpoint);
    }
  }

  private fileAt(path: string): string | undefined {
    const [, run, ...file] = decodeURIComponent(path.split('/mlflow-artifacts/')[1] ?? '').split('/');
    return this.runs.find(({ id }) => id === run)?.artifacts[file.join('/')];
  }

  private run(id: unknown): FakeRun {
    const run = this.runs.find((known) => known.id === id);
    if (!run) throw new Refusal(404, 'RESOURCE_DOES_NOT_EXIST', `no run ${String(id)}`);
    return run;
  }

  private active(body: Json): FakeRun {
    const run = this.run(body['run_id']);
    if (run.deleted) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', 'must be active');
    return run;
  }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

function record(entries: unknown): Record<string, string> {
  return Object.fromEntries(
    ((entries ?? []) as { key: string; value: string }[]).map(({ key, value }) => [key, value]),
  );
}

function describe({ id, status, deleted, startTime, tags }: FakeRun): Json {
  const info = {
    ...{ run_id: id, experiment_id: '1', status, start_time: startTime },
    ...{ lifecycle_stage: deleted ? 'deleted' : 'active', artifact_uri: `mlflow-artifacts:/${id}` },
  };
  return { info, data: { tags: Object.entries(tags).map(([key, value]) => ({ key, value })) } };
}
