import { BackendError } from '@promptweave/core';
import { loadTfjs, type Tfjs } from './backends/load-tfjs.js';
import { loadNativeBackend } from './backends/native.js';
import { loadWasmBackend } from './backends/wasm.js';

/** What computes. */
export type BackendName = 'tensorflow' | 'wasm' | 'cpu';

/** The names of the backends, the fastest first. */
export const backendNames: readonly BackendName[] = ['tensorflow', 'wasm', 'cpu'];

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
  readonly gpu?: string;
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
 * @throws BackendError where the requested backend is missing (it names the command that installs it) or unknown
 */
export async function selectBackend(
  request: BackendName | 'auto' = 'auto',
  options: { tfjsCore?: Tfjs } = {},
): Promise<BackendChoice> {
  if (request !== 'auto' && !backendNames.includes(request)) {
    throw new BackendError(`There is no backend of the name ${JSON.stringify(request)}.`, {
      where: 'backend',
      remedy: `Choose one of auto, ${backendNames.join(', ')}.`,
    });
  }
  const tfjs = await loadTfjs(options.tfjsCore);
  if (request !== 'auto') return use(request, tfjs, 'It was asked for');
  try {
    return await use('tensorflow', tfjs, 'It is the fastest and installed');
  } catch (cause) {
    if (!(cause instanceof BackendError)) throw cause;
    const choice = await use('wasm', tfjs, `${cause.message} WebAssembly is the next best`);
    return { ...choice, ...(cause.remedy && { remedy: cause.remedy }) };
  }
}

async function use(name: BackendName, tfjs: Tfjs, reason: string): Promise<BackendChoice> {
  const native = name === 'tensorflow' ? await loadNativeBackend(tfjs) : undefined;
  if (name === 'wasm') await loadWasmBackend(tfjs);
  await tfjs.setBackend(name);
  await tfjs.ready();
  if (name === 'cpu') Object.assign(tfjs.backend(), { firstUse: false }); // it would print a banner that advertises tfjs-node
  if (!native) return { name, why: `${reason}.` };
  const { installation, tensorflowVersion, gpu, fused } = native;
  return {
    name,
    why: `${reason} (TensorFlow ${tensorflowVersion}${gpu ? ` on ${gpu}` : ''}).`,
    tensorflowVersion,
    installation: installation.name,
    fused,
    ...(gpu && { gpu }),
  };
}
