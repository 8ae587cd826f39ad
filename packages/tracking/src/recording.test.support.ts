import type { RunStart } from '@promptweave/core';
import { MlflowClient } from '@promptweave/mlflow-js-client';
import { MlflowTracker } from './mlflow-tracker.js';

/** A start of a run as cells of a sweep have it. */
export function startOf(id: string, changes: Partial<RunStart> = {}): RunStart {
  return {
    ...{ type: 'start', id, name: `cell ${id}`, experiment: 'study', parent: { id: 'sweep-1', name: 'the sweep' } },
    configuration: { prompt: { use: 'comma', depth: 4 }, losses: [{ use: 'cross-entropy', weight: 1 }], seed: 1 },
    environment: { git: { commit: 'abc', changed: false }, versions: { node: '20' }, backend: 'cpu', platform: 'x' },
    ...changes,
  };
}

/** Spellings of an address with a password in it. */
export const passwordAddresses = [
  ...[
    'http://me:secret@host',
    'HTTP://me:secret@host',
    'http:///me:secret@host',
    'http:me:secret@host',
    'http:/me:secret@host',
  ],
  ...[
    'http:\\\\me:secret@host',
    ' http://me:secret@host',
    'ht\ttp://me:secret@host',
    'http://me:sec\nret@host',
    'http://:secret@host',
  ],
  ...[
    'http://secret@host',
    'http://me%3Asecret%40host',
    'http://me:secret%40@host',
    'https://me:secret@@host/p',
    'me:secret@host',
  ],
  ...['http://host?token=secret', 'http://host#secret', 'ftp://me:secret@host'],
];

export function clientFor(trackingUri: string, timeoutSeconds = 2): MlflowClient {
  return new MlflowClient({ trackingUri, timeoutSeconds, retrySeconds: 0.01 });
}

/** A run of some steps that tells its parent process of each; the parent kills it. It goes on after the step it had reached. */
export async function recordUntilKilled(folder: string, uri: string, from: number, steps: number): Promise<void> {
  const tracker = new MlflowTracker({
    folder,
    client: clientFor(uri),
    intervalSeconds: 0.02,
    longestIntervalSeconds: 0.1,
  });
  tracker.record(startOf('killed'));
  for (let step = from; step <= steps; step++) {
    tracker.record({ type: 'metrics', step, values: { loss: 1 / step, accuracy: 1 - 1 / step } });
    process.send!(step);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  tracker.record({ type: 'end', status: 'finished' });
  await tracker.close();
}
