import { backend, getBackend } from '@tensorflow/tfjs-core';
import { BackendError } from '@promptweave/core';
import { memoryReport } from './memory.js';
import { outOfMemory, wasmBytesLeft, wasmLimit } from './wasm/memory-guard.js';

/** Bytes that the current backend can still have; undefined on a GPU, whose memory TensorFlow does not tell. */
export async function availableBytes(): Promise<number | undefined> {
  if (getBackend() === 'wasm') return wasmBytesLeft(backend());
  const { isUsingGpuDevice } = backend() as { readonly isUsingGpuDevice?: boolean };
  return isUsingGpuDevice ? undefined : (await memoryReport()).available;
}

/**
 * Refuses work that the current backend has no memory for, before it begins.
 *
 * @param bytes of tensors that the work will hold at once, beyond those there are already
 * @param what the work, for the message: "a batch of 32 with 500 classes"
 * @throws BackendError
 */
export async function assertFits(bytes: number, what: string): Promise<void> {
  if (getBackend() === 'wasm') {
    const left = wasmBytesLeft(backend());
    if (bytes > left) throw outOfMemory(bytes, wasmLimit - left, wasmLimit, what);
    return;
  }
  const { available } = await memoryReport();
  if (bytes <= available) return;
  throw new BackendError(`${what} needs ${gibibytes(bytes)}; ${gibibytes(available)} of memory are available.`, {
    where: `backend ${getBackend()}`,
    remedy: 'Use a smaller batch, model or number of classes, or a machine (or container limit) with more memory.',
  });
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
