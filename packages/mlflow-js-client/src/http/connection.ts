import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { MlflowApiError, MlflowProtocolError } from '../errors.js';
import type { MlflowSettings } from '../settings.js';
import type { JsonObject } from './json-object.js';
import {
  beginning,
  bounded,
  boundedText,
  LONGEST_FILE,
  LONGEST_JSON,
  LONGEST_REFUSAL,
  SLOWEST_FILE,
} from './bounded.js';
import { gist, line, parseObject, refusal } from './refusal.js';
import { withRetries, type RetryPolicy } from './retry.js';
import { describeRequest, Transport, type HttpRequest } from './transport.js';

/** What a single call may choose. */
export interface CallOptions {
  /** Ends the call, and the waiting between its repetitions. The call then rejects with the signal's reason. */
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
    return await this.requestJson(request, { ...options, repeatable });
  }

  /** Sends a request whose answer is an object of JSON. */
  async requestJson(
    request: HttpRequest,
    options?: CallOptions & { readonly repeatable?: boolean },
  ): Promise<JsonObject> {
    return await this.request(request, (message) => this.json(message, request), options);
  }

  /**
   * Sends a request whose answer is a file.
   * @param read reads the file; called again where the request is repeated
   * @param longest bytes that it may have
   */
  async requestFile<T>(
    request: HttpRequest,
    read: (content: Readable) => Promise<T>,
    options?: CallOptions,
    longest: number = LONGEST_FILE,
  ): Promise<T> {
    const limits = { seconds: 10 * this.transport.seconds, bytesPerSecond: SLOWEST_FILE };
    const file = (message: IncomingMessage): Promise<T> =>
      read(bounded(message, { ...limits, bytes: longest, request: describeRequest(request) }));
    return await this.request(request, file, options);
  }

  /** Sends a request of whose answer nothing but its success matters. */
  async send(request: HttpRequest, options?: CallOptions): Promise<void> {
    await this.request(request, async (message) => void (await this.beginning(message, request)), options);
  }

  /** Closes the connections that are kept open. The next call opens one again. */
  close(): void {
    this.transport.close();
  }

  private async request<T>(
    request: HttpRequest,
    read: (message: IncomingMessage) => Promise<T>,
    { repeatable = true, retries, signal }: CallOptions & { readonly repeatable?: boolean } = {},
  ): Promise<T> {
    const attempt = async (): Promise<T> => {
      const message = await this.transport.send({ ...request, signal });
      const { statusCode = 0 } = message;
      try {
        if (statusCode >= 200 && statusCode < 300) return await read(message);
        const { address, authorized, loginAdvice } = this.transport;
        const refused = { request: describeRequest(request), address, authorized, loginAdvice };
        throw refusal(message, await this.beginning(message, request), refused);
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

  private async beginning(message: IncomingMessage, request: HttpRequest): Promise<string> {
    const { seconds } = this.transport;
    const text = await beginning(message, { bytes: LONGEST_REFUSAL, seconds, request: describeRequest(request) });
    if (!message.complete) message.destroy();
    return text;
  }

  private async json(message: IncomingMessage, request: HttpRequest): Promise<JsonObject> {
    const { seconds } = this.transport;
    const what = describeRequest(request);
    const body = await boundedText(message, { bytes: LONGEST_JSON, seconds, request: what });
    const parsed = parseObject(body);
    if (parsed) return parsed;
    const said = gist(body.slice(0, LONGEST_REFUSAL));
    const type = message.headers['content-encoding'] ?? message.headers['content-type'] ?? 'no content type';
    throw new MlflowProtocolError(
      `${what}: ${this.address} answered with ${line(type, 60)} where an object of JSON was expected${said && `: ${said}`}. Is this the address of an MLflow server?`,
      { request: what },
    );
  }
}

/** "?a=1&b=2" of the entries that have values; nothing without any. */
export function queryOf(query: ApiCall['query']): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) given.append(name, value);
  return given.size === 0 ? '' : `?${given.toString()}`;
}
