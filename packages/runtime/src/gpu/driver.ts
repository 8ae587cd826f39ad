import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BackendError } from '@promptweave/core';
import type { GpuAddon } from '../../native/load.js';
import { layout } from '../install/compile-binding.js';
import type { Installation } from '../install/installation.js';

/** Whether the driver of an NVIDIA GPU is loaded (`/dev/dxg` is its form under WSL). */
export function hasNvidiaGpu(): boolean {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidiactl') || existsSync('/dev/dxg');
}

/** What NVIDIA's own tool calls the first GPU. */
export async function gpuName(): Promise<string | undefined> {
  const { execa } = await import('execa');
  const { failed, stdout } = await execa('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], {
    reject: false,
    stdin: 'ignore',
  });
  return failed ? 'a GPU whose name nvidia-smi does not tell' : stdout.split('\n')[0];
}

/**
 * The functions that an installation for GPUs has for the driver; it needs none of the rest of the installation.
 * @throws BackendError where they do not load
 */
export function gpuAddon({ folder }: Installation): GpuAddon {
  try {
    return createRequire(join(folder, 'package.json'))(join(folder, layout.gpu)) as GpuAddon;
  } catch (cause) {
    throw new BackendError(`${layout.gpu} does not load: ${String(cause)}`, {
      where: folder,
      remedy: 'Install it anew: `npx promptweave runtime install --gpu --force`.',
      cause,
    });
  }
}

/** Whether GPUs are there that this process may use, as far as one can say before it tries. */
export function mayUseGpu(installation: Installation): boolean {
  if (visibleEntries()?.length === 0) return false;
  return hasNvidiaGpu() || gpuAddon(installation).open('libcuda.so.1') === undefined;
}

/** The GPUs that CUDA_VISIBLE_DEVICES names, up to the first entry that names none; undefined where it is not set. */
export function visibleEntries(): string[] | undefined {
  const entries = process.env.CUDA_VISIBLE_DEVICES?.split(',').map((entry) => entry.trim());
  const end = entries?.findIndex((entry) => !/^(\d|GPU-|MIG-)/.test(entry)) ?? -1;
  return end < 0 ? entries : entries?.slice(0, end);
}
