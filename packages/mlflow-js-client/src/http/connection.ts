import type { IncomingMessage } from 'node:http';
import { mlflowErrorCodes, MlflowApiError, MlflowProtocolError, type MlflowErrorCode } from '../errors.js';
import type { MlflowSettings } from '../settings.js';
import { withRetries, type RetryPolicy } from './retry.js';
import { describeRequest, Transport, type HttpRequest } from './transport.js';

/** What a single call may choose. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Instead of the client's. */
  readonly retries?: number;
}

/** A call of the REST API. */
export interface ApiCall extends CallOptions {
  readonly method: HttpRequest['method'];
  /** After "/api/2.0/mlflow/". */
  readonly endpoint: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** False for calls that create or append: they are repeated only where the server cannot have acted. Default true. */
  readonly repeatable?: boolean;
}

/** A parsed JSON object of the server. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Sends requests to one server, again where that helps, and turns its refusals into errors. */
export class Connection {
  private readonly transport: Transport;
  private readonly policy: RetryPolicy;

  constructor(settings: MlflowSettings) {
    this.transport = new Transport(settings);
    this.policy = {
      retries: settings.retries ?? 5,
      first: settings.retrySeconds ?? 0.5,
      longest: settings.longestRetrySeconds ?? 60,
    };
  }

  /** The server's address, without credentials. */
  get address(): string {
    return this.transport.address;
  }

  /** Calls the REST API. @throws MlflowError */
  async call({ endpoint, method, query, body, repeatable = true, ...options }: ApiCall): Promise<JsonObject> {
    const request: HttpRequest = {
      method,
      path: `/api/2.0/mlflow/${endpoint}${queryOf(query)}`,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
      freshConnection: !repeatable,
      signal: options.signal,
    };
    const json = (message: IncomingMessage): Promise<JsonObject> => this.json(message, request);
    return await this.request(request, json, { ...options, repeatable });
  }

  /**
   * Sends a request and reads its answer.
   * @param read reads the body of an answer that is no refusal; called again where the request is repeated
   */
  async request<T>(
    request: HttpRequest,
    read: (message: IncomingMessage) => Promise<T>,
    { repeatable = true, retries, signal }: CallOptions & { readonly repeatable?: boolean } = {},
  ): Promise<T> {
    const attempt = async (): Promise<T> => {
      const message = await this.transport.send({ ...request, signal });
      const { statusCode = 0 } = message;
      try {
        if (statusCode >= 200 && statusCode < 300) return await read(message);
        throw refusal(message, await text(message), request);
      } catch (error) {
        message.destroy();
        throw error instanceof MlflowApiError || error instanceof MlflowProtocolError
          ? error
          : this.transport.explain(error, { ...request, signal });
      }
    };
    return await withRetries(
      attempt,
      { ...this.policy, ...(retries !== undefined && { retries }) },
      repeatable,
      signal,
    );
  }

  /** Closes the connections that are kept open. The next call opens one again. */
  close(): void {
    this.transport.close();
  }

  private async json(message: IncomingMessage, request: HttpRequest): Promise<JsonObject> {
    const body = await text(message);
    const parsed = parse(body);
    if (parsed) return parsed;
    const type = message.headers['content-type'] ?? 'no content type';
    throw new MlflowProtocolError(
      `${this.address} answered with ${type} where JSON was expected: "${excerpt(body)}". Is this the address of an MLflow server?`,
      { request: describeRequest(request) },
    );
  }
}

/** "?a=1&b=2" of the entries that have values; nothing without any. */
export function queryOf(query: ApiCall['query']): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) given.append(name, value);
  return given.size === 0 ? '' : `?${given.toString()}`;
}

function refusal(message: IncomingMessage, body: string, request: HttpRequest): MlflowApiError {
  const { statusCode: status = 0, headers } = message;
  const parsed = parse(body);
  const told = typeof parsed?.['error_code'] === 'string' ? parsed['error_code'] : undefined;
  const known = mlflowErrorCodes.find((code) => code === told);
  const code = known ?? (told === undefined ? codeOfStatus(status) : 'UNKNOWN');
  const reason = typeof parsed?.['message'] === 'string' ? parsed['message'] : excerpt(body);
  const name = told ?? code;
  const after = Number(headers['retry-after']);
  return new MlflowApiError(`${describeRequest(request)}: ${name} (HTTP ${status})${reason ? `: ${reason}` : ''}`, {
    request: describeRequest(request),
    code,
    status,
    ...(Number.isFinite(after) && headers['retry-after'] && { retryAfter: after }),
  });
}

/** The code that stands for an HTTP status, where the body names none: an answer of a proxy, or of authentication. */
function codeOfStatus(status: number): MlflowErrorCode {
  const codes: Readonly<Record<number, MlflowErrorCode>> = {
    400: 'BAD_REQUEST',
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'ENDPOINT_NOT_FOUND',
    409: 'RESOURCE_CONFLICT',
    429: 'REQUEST_LIMIT_EXCEEDED',
    501: 'NOT_IMPLEMENTED',
    503: 'TEMPORARILY_UNAVAILABLE',
    504: 'DEADLINE_EXCEEDED',
  };
  return codes[status] ?? (status >= 500 ? 'INTERNAL_ERROR' : 'UNKNOWN');
}

async function text(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function parse(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function excerpt(body: string): string {
  const line = body.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
