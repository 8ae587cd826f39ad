import { BackendError } from '@promptweave/core';
import type { Bfloat16Instruction } from '../native/load.js';
import { loadTfjs, type Tfjs } from './backends/load-tfjs.js';
import { loadNativeBackend } from './backends/native.js';
import { bfloat16On, type Precision, requireBfloat16 } from './precision.js';
import { loadWasmBackend } from './backends/wasm.js';
import type { UnusedGpu } from './gpu/unused-gpu.js';

/** What computes. */
export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

/** The names of the backends, the fastest first. */
export const backendNames: readonly BackendName[] = ['tensorflow', 'wasm', 'cpu'];

/** A GPU that computes. */
export interface Gpu {
  readonly name: string;
  /** Bytes. */
  readonly memory: number;
  /** Version of the driver. */
  readonly driver: string;
}

/** The backend that was set, and the reason. */
export interface BackendChoice {
  readonly name: BackendName;
  /** One sentence for the user. */
  readonly why: string;
  /** How to get a faster backend, where `auto` could not take the fastest. */
  readonly remedy?: string;
  /** Of the native backend. */
  readonly tensorflowVersion?: string;
  /** The GPU that computes, if one does. */
  readonly gpu?: Gpu;
  /** Why none computes, where the installation is for GPUs. */
  readonly unusedGpu?: UnusedGpu;
  /** Of a GPU: whether products round their operands to TF32. */
  readonly tensorFloat32?: boolean;
  /** What a backbone's frozen weights are multiplied with, if not float32: the CPU's instruction for bfloat16. */
  readonly bfloat16?: Bfloat16Instruction;
  /** Why float32 would be faster than that. */
  readonly slower?: string;
  /** Why it is float32, where `auto` was asked for and could not take bfloat16. */
  readonly notBfloat16?: string;
  /** Whether the native backend has our fused operations. */
  readonly fused?: boolean;
  /** Name of the installation of libtensorflow that was loaded. */
  readonly installation?: string;
}

/**
 * Registers the gradients, sets the backend of tfjs-core and waits until it is ready. May be called again to change it.
 *
 * ```ts
 * const { name, why } = await selectBackend('auto'); // 'tensorflow', 'TensorFlow 2.21.0 is installed.'
 * ```
 *
 * @param request `auto` takes the best backend that is present; a name takes that one or fails
 * @param options.tfjsCore the caller's `@tensorflow/tfjs-core`, to make sure that there is only one copy of it
 * @param options.tensorFloat32 lets products on an NVIDIA GPU round their operands to TF32 (10 bits of fraction instead of 23). Default
 *   false, whatever was set before
 * @param options.precision `bfloat16` says that frozen weights will be multiplied in bfloat16, which not every CPU can; `auto` where it can and is faster for it, `possible` where it can.
 *   Default float32
 * @throws BackendError where the requested backend is missing (it names the command that installs it) or unknown, or cannot multiply bfloat16
 */
export async function selectBackend(
  request: BackendName | 'auto' = 'auto',
  options: { tfjsCore?: Tfjs; tensorFloat32?: boolean; precision?: Precision | 'auto' | 'possible' } = {},
): Promise<BackendChoice> {
  if (request !== 'auto' && !backendNames.includes(request)) {
    throw new BackendError(`There is no backend of the name ${JSON.stringify(request)}.`, {
      where: 'backend',
      remedy: `Choose one of auto, ${backendNames.join(', ')}.`,
    });
  }
  const tfjs = await loadTfjs(options.tfjsCore);
  const { tensorFloat32 = false, precision = 'float32' } = options;
  const choice = await chosen(request, tfjs, tensorFloat32);
  if (precision === 'float32') return choice;
  const found = await bfloat16On(choice);
  const against = 'not' in found ? found.not : precision === 'auto' ? found.slower : undefined;
  if (precision !== 'bfloat16' && against) return { ...choice, notBfloat16: against };
  const bfloat16 = requireBfloat16(found);
  return { ...choice, bfloat16, ...('slower' in found && { slower: found.slower }) };
}

async function chosen(request: BackendName | 'auto', tfjs: Tfjs, tensorFloat32: boolean): Promise<BackendChoice> {
  if (request !== 'auto') return use(request, tfjs, 'It was asked for', tensorFloat32);
  try {
    return await use('tensorflow', tfjs, 'It is the fastest and installed', tensorFloat32);
  } catch (cause) {
    if (!(cause instanceof BackendError)) throw cause;
    const choice = await use('wasm', tfjs, `${cause.message} WebAssembly is the next best`);
    return { ...choice, ...(cause.remedy && { remedy: cause.remedy }) };
  }
}

async function use(name: BackendName, tfjs: Tfjs, reason: string, tensorFloat32 = false): Promise<BackendChoice> {
  const native = name === 'tensorflow' ? await loadNativeBackend(tfjs) : undefined;
  if (name === 'wasm') await loadWasmBackend(tfjs);
  await tfjs.setBackend(name);
  await tfjs.ready();
  if (name === 'cpu') Object.assign(tfjs.backend(), { firstUse: false }); // it would print a banner that advertises tfjs-node
  if (!native) return { name, why: `${reason}.` };
  native.allowTensorFloat32(tensorFloat32);
  const { installation, tensorflowVersion, gpu, fused, unusedGpu } = native;
  return {
    name,
    why: `${reason} (TensorFlow ${tensorflowVersion}${gpu ? ` on ${gpu.name}` : ''}).`,
    tensorflowVersion,
    installation: installation.name,
    fused,
    ...(gpu && { gpu: { name: gpu.name, memory: gpu.total, driver: gpu.driver }, tensorFloat32 }),
    ...(unusedGpu && { unusedGpu }),
  };
}
