import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyEnvironment, tinyResolve } from '../tiny.test.support.js';
import { runProtocol } from './run-protocol.js';

const folder = mkdtempSync(join(tmpdir(), 'seeds-'));
const environment = tinyEnvironment();
afterAll(async () => {
  await environment.close();
  rmSync(folder, { recursive: true });
});

/** Losses of all steps. */
async function losses(seed: number, seeds?: { sample?: number; start?: number; order?: number }): Promise<number[]> {
  const told: number[] = [];
  const configuration = tinyResolve({
    prompt: 'context',
    train: { batch: 2, epochs: 2 },
    seed,
    ...(seeds && { seeds }),
  });
  await runProtocol({
    ...{ configuration, environment, folder: join(folder, JSON.stringify({ seed, seeds })), configurationFolder: '.' },
    onEvent: (event) => void (event.type === 'step' && told.push(event.loss)),
  });
  return told;
}

let first: number[];
beforeAll(async () => {
  first = await losses(1);
});

it('is the seed of all chance that has none of its own', async () => {
  expect(first).toHaveLength(16);
  expect(await losses(2)).not.toEqual(first);
  expect(await losses(1, { sample: 1, start: 1, order: 1 })).toEqual(first);
  expect(await losses(2, { start: 1, order: 1 })).toEqual(first); // nothing is drawn of this data
});

it.each(['start', 'order'])('moves the training by a seed of the %s', async (source) => {
  expect(await losses(1, { [source]: 2 })).not.toEqual(first);
});
