import type { ChildProcess } from 'node:child_process';
import type { CellFolder, Place } from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';
import { memoryReport, visibleGpus } from '@promptweave/runtime';
import { spawnWorker } from './sweep-estimates.js';

/** What is asked of this machine. */
export interface PlaceServices {
  readonly visibleGpus: typeof visibleGpus;
  readonly spawnWorker: typeof spawnWorker;
}

/**
 * Where worker processes of this machine compute: each on one of the GPUs, where there are any that an installed runtime uses, else all on the
 * processor.
 *
 * @param gpus how many GPUs the sweep may use; all that this process sees without it
 * @param worker gives a worker process on the processor that is there already, once
 * @throws ConfigError where there are fewer
 */
export async function localPlaces(
  cells: readonly CellFolder[],
  gpus?: number,
  worker: () => ChildProcess | undefined = () => undefined,
  { visibleGpus: look, spawnWorker: start }: PlaceServices = { visibleGpus, spawnWorker },
): Promise<Place[]> {
  const processor: Place = {
    spawn: () => worker() ?? start('cells'),
    available: async () => (await memoryReport()).available,
  };
  const visible = gpus === 0 || !computeNatively(cells) ? [] : await look();
  if (gpus !== undefined && gpus > visible.length) {
    const there = visible.length === 0 ? 'none that cells could use' : `${visible.length}`;
    throw new ConfigError(`${gpus} GPUs are asked for, and there ${visible.length === 1 ? 'is' : 'are'} ${there}.`, {
      where: '--gpus',
      remedy: 'Run `npx promptweave doctor`, which says what is missing, or leave --gpus out.',
    });
  }
  const used = visible.slice(0, gpus).map(({ id, name, free }, i): Place => {
    const label = visible.length > 1 ? `GPU ${i} (${name ?? id})` : `the GPU (${name ?? id})`;
    const place = { name: label, spawn: () => start('cells', { CUDA_VISIBLE_DEVICES: id }) };
    return free === undefined ? place : { ...place, available: () => Promise.resolve(free) };
  });
  return used.length > 0 ? used : [processor];
}

/** Whether any cell computes on TensorFlow, as the configurations and the environment say. */
function computeNatively(cells: readonly CellFolder[]): boolean {
  const { PROMPTWEAVE_BACKEND: wanted = 'auto' } = process.env;
  const onTensorflow = (backend: string): boolean => /^(auto|tensorflow)\b/.test(backend);
  return cells.some((cell) => {
    const { backend } = cell.describe();
    return onTensorflow(backend.startsWith('auto') ? wanted : backend);
  });
}
