import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What the server received. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Reply = (response: ServerResponse, received: Received) => void;

/** A server that gives each request the next reply; the last one again and again. */
export class ScriptedServer {
  readonly received: Received[] = [];
  private readonly server = createServer((request, response) => void this.reply(request, response));

  private constructor(private replies: readonly Reply[]) {}

  static async start(...replies: readonly Reply[]): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(replies);
    await new Promise<void>((resolve) => scripted.server.listen(0, '127.0.0.1', resolve));
    return scripted;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Other replies from the next request on. */
  script(...replies: readonly Reply[]): void {
    this.replies = replies;
    this.received.length = 0;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve)); // an error where it is stopped already: nothing to do
  }

  private async reply(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await buffer(request).catch(() => Buffer.alloc(0))).toString('utf8');
    const received = { method: request.method!, url: request.url!, headers: request.headers, body };
    this.received.push(received);
    this.replies[Math.min(this.received.length, this.replies.length) - 1]!(response, received);
  }
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
}

export function page(html: string, status: number): Reply {
  return (response) => response.writeHead(status, { 'Content-Type': 'text/html' }).end(html);
}

/** Closes the connection without an answer. */
export const reset: Reply = (response) => response.socket!.resetAndDestroy();

/** Never answers. */
export const hang: Reply = () => {};

/** Promises more bytes than it sends. */
export const truncated: Reply = (response) => {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
  response.write('{"experiment": {"experi');
  setTimeout(() => response.socket?.destroy(), 20);
};
