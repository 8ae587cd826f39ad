import * as http from 'node:http';
import * as https from 'node:https';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { MlflowCertificateError, MlflowConnectionError, MlflowTimeoutError } from '../errors.js';
import type { MlflowSettings } from '../settings.js';
import { line } from './refusal.js';

/** One HTTP request. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path after the server's address, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text, or a function that opens a stream anew for every attempt. */
  readonly body?: string | (() => Readable);
  readonly signal?: AbortSignal;
  /** Send over a connection of its own: a kept one may be closed by the server at the very moment of sending. */
  readonly freshConnection?: boolean;
}

const UNSENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** Codes of OpenSSL and Node for certificates that are refused. */
const UNTRUSTED = /CERT|LEAF_SIGNATURE/;

/** Sends requests to one server, each once. */
export class Transport {
  /** Address without user, password and closing slash. */
  readonly address: string;
  /** Whether a user name or a token goes with every request. */
  readonly authorized: boolean;
  readonly loginAdvice?: string;
  /** Seconds without a sign of life after which a request fails. */
  readonly seconds: number;
  private readonly base: URL;
  private readonly agent: http.Agent;
  private readonly options: https.RequestOptions;

  constructor(settings: MlflowSettings) {
    this.base = parseAddress(settings.trackingUri);
    const { username, password } = this.base;
    this.base.username = '';
    this.base.password = '';
    this.address = this.base.href.replace(/\/+$/, '');
    this.loginAdvice = settings.loginAdvice;
    this.seconds = settings.timeoutSeconds ?? 120;
    const secure = this.base.protocol === 'https:';
    this.agent = secure ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true });
    const authorization = authorizationOf({
      ...settings,
      ...(username && { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
    });
    this.authorized = authorization !== undefined;
    this.options = {
      headers: { 'User-Agent': 'mlflow-js-client', ...(authorization && { Authorization: authorization }) },
      ...(settings.insecureTls && { rejectUnauthorized: false }),
      ...(settings.serverCertificate && { ca: settings.serverCertificate }),
    };
  }

  /**
   * Resolves with the answer's head; its body is the stream. The time limit also holds while the body is read.
   * @throws MlflowConnectionError, MlflowCertificateError, MlflowTimeoutError, the reason of the signal, or what reading
   *   the body to be sent threw
   */
  async send(request: HttpRequest): Promise<http.IncomingMessage> {
    const { body, signal, headers } = request;
    signal?.throwIfAborted();
    const text = typeof body === 'string' ? Buffer.from(body, 'utf8') : undefined;
    const sent = (this.base.protocol === 'https:' ? https : http).request(`${this.address}${request.path}`, {
      ...this.options,
      method: request.method,
      agent: request.freshConnection ? false : this.agent,
      timeout: this.seconds * 1000,
      signal,
      headers: { ...this.options.headers, ...(text && { 'Content-Length': String(text.byteLength) }), ...headers },
    });
    let answer: http.IncomingMessage | undefined;
    sent.on('response', (message) => (answer = message));
    sent.on('timeout', () => this.destroyIfSilent(sent, describeRequest(request), answer));
    sent.on('finish', () => this.limitHead(sent, describeRequest(request)));
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      sent.on('response', resolve);
      sent.on('error', (error) => reject(this.explain(error, request)));
      if (typeof body !== 'function') return void sent.end(text);
      const content = body();
      content.on('error', reject); // the caller's own error, which is nothing of the server's
      pipeline(content, sent).catch((error: Error) => sent.destroy(error));
    });
    return await answered;
  }

  /** What a failure of sending or reading means to the caller. */
  explain(error: unknown, request: HttpRequest): unknown {
    if (request.signal?.aborted) return request.signal.reason;
    if (error instanceof MlflowTimeoutError) return error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    const details = { request: describeRequest(request), cause: error };
    if (code && UNTRUSTED.test(code)) {
      const message = `The certificate of ${this.address} is not trusted: ${describeCause(error)}.`;
      return new MlflowCertificateError(`${message} Give the certificate to trust.`, details);
    }
    const message = `${this.address} cannot be reached: ${describeCause(error)}. Is the server running, and the address right?`;
    return new MlflowConnectionError(message, { ...details, unsent: code !== undefined && UNSENT.has(code) });
  }

  /** Closes the connections that are kept open. */
  close(): void {
    this.agent.destroy();
  }

  /** An answer whose head comes byte by byte is never silent: it gets twice the time of one that is. */
  private limitHead(sent: http.ClientRequest, request: string): void {
    let answered = false;
    const limit = setTimeout(() => {
      setImmediate(() => {
        const message = `${this.address} has begun no answer for ${2 * this.seconds} s.`;
        if (!answered) sent.destroy(new MlflowTimeoutError(message, { request }));
      });
    }, 2000 * this.seconds);
    limit.unref();
    sent.on('response', () => (answered = true));
    for (const event of ['response', 'close']) sent.on(event, () => clearTimeout(limit));
  }

  /**
   * After a long computation in this thread the timer fires before what has arrived meanwhile is read. So look again
   * once the event loop has read from the sockets.
   */
  private destroyIfSilent(sent: http.ClientRequest, request: string, answer?: http.IncomingMessage): void {
    const traffic = (): number => (sent.socket?.bytesRead ?? 0) + (sent.socket?.bytesWritten ?? 0);
    const before = traffic();
    setImmediate(() => {
      if (traffic() !== before) return;
      const message = `${this.address} has not answered for ${this.seconds} s.`;
      (answer ?? sent).destroy(new MlflowTimeoutError(message, { request }));
    });
  }
}

/** The request in a few words. */
export function describeRequest({ method, path }: HttpRequest): string {
  return `${method} ${path.split('?')[0]}`;
}

function parseAddress(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new Error(
    `The tracking address is "${withoutSecrets(uri)}". Give the http(s) address of a tracking server; start one with: mlflow server`,
  );
}

/** An address that cannot be read, as it may be printed: what stands before an @ may be a password. */
function withoutSecrets(uri: string): string {
  return line(uri.replace(/^.*@/s, '…@'), 200);
}

function authorizationOf({ username, password, token }: MlflowSettings): string | undefined {
  if (username) return `Basic ${Buffer.from(`${username}:${password ?? ''}`, 'utf8').toString('base64')}`;
  return token ? `Bearer ${token}` : undefined;
}

function describeCause(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeCause(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}
