import { existsSync } from 'node:fs';
import { BackendError } from '@promptweave/core';
import { loadNative } from '../../native/load.js';
import { type Installation, listRuntimes } from '../install/installation.js';
import { registerFusedKernels } from '../native/fused.js';
import { registerMatMul } from '../native/mat-mul.js';
import type { Tfjs } from './load-tfjs.js';

/** A loaded libtensorflow. */
export interface NativeBackend {
  readonly installation: Installation;
  readonly tensorflowVersion: string;
  /** The GPU that is used, if one is. */
  readonly gpu?: string;
  /** Whether it has our fused operations. */
  readonly fused: boolean;
}

let loading: Promise<NativeBackend> | undefined;

/**
 * Loads the best installation of libtensorflow in the cache and registers it as 'tensorflow'; a process loads one, once.
 * @throws BackendError where there is none, or it does not load
 */
export function loadNativeBackend(tfjs: Tfjs): Promise<NativeBackend> {
  loading ??= load(tfjs).catch((cause: unknown) => {
    loading = undefined;
    throw cause;
  });
  return loading;
}

async function load(tfjs: Tfjs): Promise<NativeBackend> {
  const installations = await listRuntimes();
  const installation = bestInstallation(installations, hasNvidiaGpu());
  if (!installation) throw missing(installations);
  try {
    const { tensorflowVersion, usesGpu, fused } = loadNative(installation.folder, tfjs);
    registerMatMul();
    if (fused) registerFusedKernels();
    const gpu = usesGpu ? await gpuName() : undefined;
    return { installation, tensorflowVersion, fused, ...(gpu && { gpu }) };
  } catch (cause) {
    throw new BackendError(`TensorFlow ${installation.tensorflowVersion} does not load: ${String(cause)}`, {
      where: installation.folder,
      remedy: 'Install it anew: `npx promptweave runtime install --force`.',
      cause,
    });
  }
}

/** The newest usable installation, of the CUDA variant where there is a GPU and of the other where there is none, if there is a choice. */
export function bestInstallation(installations: readonly Installation[], gpu: boolean): Installation | undefined {
  const usable = installations.filter((entry) => !entry.problem);
  return usable.find((entry) => entry.variant === (gpu ? 'cuda' : 'cpu')) ?? usable[0];
}

function missing(installations: readonly Installation[]): BackendError {
  const broken = installations.map(({ name, problem }) => `${name}: ${problem}`).join('; ');
  return new BackendError(
    broken ? `No installed TensorFlow can be used (${broken}).` : 'The native TensorFlow backend is not installed.',
    {
      where: 'backend tensorflow',
      remedy: `Run \`npx promptweave runtime install${broken ? ' --force' : ''}\`.`,
    },
  );
}

/** Whether the driver of an nvidia GPU is loaded (`/dev/dxg` is its form under WSL). */
export function hasNvidiaGpu(): boolean {
  return existsSync('/proc/driver/nvidia/version') || existsSync('/dev/nvidiactl') || existsSync('/dev/dxg');
}

/** What nvidia's own tool calls the first GPU. */
export async function gpuName(): Promise<string | undefined> {
  const { execa } = await import('execa');
  const { failed, stdout } = await execa('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], {
    reject: false,
    stdin: 'ignore',
  });
  return failed ? 'a GPU whose name nvidia-smi does not tell' : stdout.split('\n')[0];
}
