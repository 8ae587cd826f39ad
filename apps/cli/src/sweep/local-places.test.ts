import type { ChildProcess } from 'node:child_process';
import type { CellFolder } from '@promptweave/bench';
import { afterEach, expect, it, vi } from 'vitest';
import { localPlaces, type PlaceServices } from './local-places.js';

const gpus = [
  { id: 'GPU-a', name: 'A GPU', free: 3e9 },
  { id: 'GPU-b', name: 'A GPU', free: 7e9 },
];
const started: unknown[] = [];
const services = {
  visibleGpus: () => Promise.resolve(gpus),
  spawnWorker: (...given: unknown[]) => void started.push(given),
} as unknown as PlaceServices;
afterEach(() => {
  vi.unstubAllEnvs();
});

const cells = (...backends: string[]): CellFolder[] =>
  backends.map((backend) => ({ describe: () => ({ backend }) }) as unknown as CellFolder);

it('is each GPU alone, with its memory', async () => {
  vi.stubEnv('PROMPTWEAVE_BACKEND', undefined);
  const places = await localPlaces(cells('auto'), undefined, undefined, services);
  expect(places.map(({ name }) => name)).toEqual(['GPU 0 (A GPU)', 'GPU 1 (A GPU)']);
  expect(await places[1]!.available!()).toBe(7e9);
  places[1]!.spawn();
  expect(started.at(-1)).toEqual(['cells', { CUDA_VISIBLE_DEVICES: 'GPU-b' }]);
});

it('is as many GPUs as are asked for, and no more than there are', async () => {
  vi.stubEnv('PROMPTWEAVE_BACKEND', undefined);
  expect(await localPlaces(cells('tensorflow, TF32'), 1, undefined, services)).toHaveLength(1);
  await expect(localPlaces(cells('auto'), 3, undefined, services)).rejects.toThrow(
    '3 GPUs are asked for, and there are 2.',
  );
});

it.each([
  ['none is asked for', 'auto', 0, undefined],
  ['cells compute on WebAssembly', 'wasm', undefined, undefined],
  ['the environment asks for WebAssembly', 'auto', undefined, 'wasm'],
])('is the processor where %s', async (_, backend, count, wanted) => {
  vi.stubEnv('PROMPTWEAVE_BACKEND', wanted);
  const [place, ...others] = await localPlaces(cells(backend), count, undefined, services);
  expect(others).toEqual([]);
  expect(place!.name).toBeUndefined();
  place!.spawn();
  expect(started.at(-1)).toEqual(['cells']);
});

it('takes the worker process first that is there already', async () => {
  const ready = { pid: 1 } as ChildProcess;
  const waiting = [ready];
  const [place] = await localPlaces(cells('wasm'), undefined, () => waiting.pop(), services);
  expect(place!.spawn()).toBe(ready);
  place!.spawn();
  expect(started.at(-1)).toEqual(['cells']);
});
