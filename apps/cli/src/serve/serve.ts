import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '@promptweave/core';
import { openRun, type OpenRunOptions } from '../library/open-run.js';
import { createServer, type ServerOptions } from './server.js';

/** Where a service listens. */
export interface ServeOptions extends Omit<ServerOptions, 'name'> {
  readonly host: string;
  readonly port: number;
  /** Told what a person should know, a sentence each. */
  readonly onNote: (note: string) => void;
  /** Told the address when it listens. */
  readonly onListening: (address: string) => void;
}

/** Addresses that only this machine reaches. */
const OWN = ['127.0.0.1', '::1', 'localhost'];

/**
 * Serves a run until the signal, then answers what was asked before and ends.
 * @throws ConfigError where the address cannot be taken; whatever opening the run throws
 */
export async function serve(
  run: string,
  options: ServeOptions,
  open: OpenRunOptions,
  signal: AbortSignal,
): Promise<void> {
  const { host, port, token, onNote, onListening } = options;
  if (!OWN.includes(host) && token === undefined) {
    onNote(
      `WARNING: whoever reaches ${host} may ask this service. Set PROMPTWEAVE_TOKEN to let only those who know it.`,
    );
  }
  const model = await openRun(run, { ...open, onNote, signal });
  try {
    const app = await createServer(model, { ...options, name: run });
    try {
      await app.listen({ host, port });
    } catch (cause) {
      await app.close();
      throw new ConfigError(`The service cannot listen on ${host}, port ${port}: ${(cause as Error).message}.`, {
        where: '--port',
        remedy: 'Take another port (0: any free one) or another address.',
        cause,
      });
    }
    const { address, port: taken, family } = app.server.address() as AddressInfo;
    onListening(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`);
    if (!signal.aborted) await once(signal, 'abort');
    await app.close();
  } finally {
    await model.close();
  }
}
