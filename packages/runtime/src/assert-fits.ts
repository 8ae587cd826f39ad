import { backend, getBackend, memory } from '@tensorflow/tfjs-core';
import { BackendError } from '@promptweave/core';
import { loadedNativeBackend } from './backends/native.js';
import { memoryReport } from './memory.js';
import { outOfMemory, wasmBytesLeft, wasmLimit } from './wasm/memory-guard.js';

/** Bytes that TensorFlow takes of a GPU for itself: the context, the libraries' kernels, the workspace of cuBLAS. */
const GPU_CONTEXT = 0.75 * 2 ** 30;

/** Bytes that the current backend can still have: of the GPU where one computes, else of the machine. */
export async function availableBytes(): Promise<number> {
  if (getBackend() === 'wasm') return wasmBytesLeft(backend());
  const gpu = getBackend() === 'tensorflow' ? (await loadedNativeBackend())?.gpu : undefined;
  return gpu ? gpuBytesLeft(gpu.free) : (await memoryReport()).available;
}

/** Bytes that this process holds of what {@link availableBytes} counts: of the GPU where one computes, else of the machine. */
export async function heldBytes(): Promise<number> {
  const gpu = getBackend() === 'tensorflow' ? (await loadedNativeBackend())?.gpu : undefined;
  return gpu ? GPU_CONTEXT + memory().numBytes : process.memoryUsage().rss;
}

/** TensorFlow keeps what it once had of a GPU, so what counts is what was free before, less the tensors that are there now. */
export function gpuBytesLeft(freeAtStart: number): number {
  return Math.max(0, freeAtStart - GPU_CONTEXT - memory().numBytes);
}

/**
 * Refuses work that the current backend has no memory for, before it begins.
 *
 * @param bytes of tensors that the work will hold at once, beyond those there are already
 * @param what the work, for the message: "a batch of 32 with 500 classes"
 * @throws BackendError
 */
export async function assertFits(bytes: number, what: string): Promise<void> {
  const available = await availableBytes();
  if (bytes <= available) return;
  if (getBackend() === 'wasm') throw outOfMemory(bytes, wasmLimit - available, wasmLimit, what);
  throw new BackendError(`${what} needs ${gibibytes(bytes)}; ${gibibytes(available)} of memory are available.`, {
    where: `backend ${getBackend()}`,
    remedy: 'Use a smaller batch, model or number of classes, or a machine (GPU, container limit) with more memory.',
  });
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
