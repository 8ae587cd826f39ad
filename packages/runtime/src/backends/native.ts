import { join } from 'node:path';
import { BackendError } from '@promptweave/core';
import { type Bfloat16Instruction, type FirstGpu, loadNative, type NativeGpu } from '../../native/load.js';
import { cacheFolder } from '../cache-folder.js';
import { hasNvidiaGpu, mayUseGpu, visibleEntries } from '../gpu/driver.js';
import { explainUnusedGpu, type UnusedGpu } from '../gpu/unused-gpu.js';
import { type Installation, listRuntimes } from '../install/installation.js';
import { registerCast } from '../native/cast.js';
import { registerFusedKernels } from '../native/fused.js';
import { registerMatMul } from '../native/mat-mul.js';
import { registerPrograms } from '../native/programs/programs.js';
import type { NativeBackend as RecordedBackend } from '../native/programs/recorder.js';
import { registerOrderedSegmentSum } from '../native/segment-sum.js';
import type { Tfjs } from './load-tfjs.js';

/** A loaded libtensorflow. */
export interface NativeBackend {
  readonly installation: Installation;
  readonly tensorflowVersion: string;
  /** The GPU that is used, if one is. */
  readonly gpu?: FirstGpu;
  /** Why none is used, of an installation for GPUs. */
  readonly unusedGpu?: UnusedGpu;
  /** Whether it has our fused operations. */
  readonly fused: boolean;
  /** What they multiply bfloat16 with, where the CPU can. */
  readonly bfloat16?: Bfloat16Instruction;
  /** Lets products of matrices on the GPU round their operands to TF32, or forbids it; takes effect at once. */
  allowTensorFloat32(on: boolean): void;
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

/** The loaded libtensorflow; undefined where none was asked for yet. */
export function loadedNativeBackend(): Promise<NativeBackend> | undefined {
  return loading;
}

async function load(tfjs: Tfjs): Promise<NativeBackend> {
  const installations = await listRuntimes();
  const cuda = installations.find((entry) => entry.variant === 'cuda' && !entry.problem);
  const installation = bestInstallation(installations, cuda !== undefined && mayUseGpu(cuda));
  if (!installation) throw missing(installations);
  try {
    const compiled = join(cacheFolder(), 'compiled-operations', installation.name);
    const { tensorflowVersion, usesGpu, fused, bfloat16, programs, gpu } = loadNative(
      installation.folder,
      tfjs,
      compiled,
    );
    registerMatMul();
    registerCast();
    if (fused) registerFusedKernels(bfloat16 !== undefined);
    if (programs) registerPrograms(tfjs.findBackend('tensorflow') as unknown as RecordedBackend, programs);
    const loaded = { installation, tensorflowVersion, fused, ...(bfloat16 && { bfloat16 }) };
    if (usesGpu) registerOrderedSegmentSum();
    if (usesGpu && gpu) return { ...loaded, gpu: gpu.first, allowTensorFloat32: (on) => allow(gpu, installation, on) };
    const hidden = cuda && hasNvidiaGpu() && visibleEntries()?.length === 0;
    const unusedGpu = gpu
      ? explainUnusedGpu(gpu.problem)
      : hidden
        ? explainUnusedGpu({ kind: 'hidden', message: 'CUDA_VISIBLE_DEVICES names none' })
        : undefined;
    return { ...loaded, ...(unusedGpu && { unusedGpu }), allowTensorFloat32: () => undefined };
  } catch (cause) {
    throw new BackendError(`TensorFlow ${installation.tensorflowVersion} does not load: ${String(cause)}`, {
      where: installation.folder,
      remedy: `Install it anew: \`npx promptweave runtime install ${installation.variant === 'cuda' ? '--gpu ' : ''}--force\`.`,
      cause,
    });
  }
}

/** @throws BackendError where the environment forbids it, or TensorFlow has no such switch */
function allow(gpu: NativeGpu, { folder, tensorflowVersion }: Installation, on: boolean): void {
  if (on && process.env.NVIDIA_TF32_OVERRIDE === '0') {
    throw new BackendError('TF32 is asked for, and the environment forbids it.', {
      where: 'runtime.tf32, NVIDIA_TF32_OVERRIDE=0',
      remedy: 'Unset NVIDIA_TF32_OVERRIDE, or set runtime.tf32 to false.',
    });
  }
  if (gpu.allowTensorFloat32(on)) return;
  throw new BackendError(`TensorFlow ${tensorflowVersion} has no switch for TF32 that is known here.`, {
    where: folder,
    remedy: 'Install a version that is tested: `npx promptweave runtime install --gpu --force`.',
  });
}

/** The newest usable installation of the wanted variant, else of the other. */
export function bestInstallation(installations: readonly Installation[], gpu: boolean): Installation | undefined {
  const usable = installations.filter((entry) => !entry.problem);
  return usable.find((entry) => entry.variant === (gpu ? 'cuda' : 'cpu')) ?? usable[0];
}

function missing(installations: readonly Installation[]): BackendError {
  const broken = installations.map(({ name, problem }) => `${name}: ${problem}`).join('; ');
  const forGpu = installations.length > 0 && installations.every(({ variant }) => variant === 'cuda');
  return new BackendError(
    broken ? `No installed TensorFlow can be used (${broken}).` : 'The native TensorFlow backend is not installed.',
    {
      where: 'backend tensorflow',
      remedy: `Run \`npx promptweave runtime install${forGpu ? ' --gpu' : ''}${broken ? ' --force' : ''}\`.`,
    },
  );
}
