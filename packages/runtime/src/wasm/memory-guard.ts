import { util } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { BackendError } from '@promptweave/core';

/**
 * Bytes of tensors that the WebAssembly heap is allowed to hold. Its end is at 4 GiB, where it aborts and takes the backend with
 * it; the rest is for what kernels allocate themselves and for gaps between tensors.
 */
export const wasmLimit = 3.25 * 2 ** 30;

/** Bytes of tensors on the heap of a guarded backend. */
const heldBy = new WeakMap<object, () => number>();

/** Makes a backend refuse an allocation that would not fit, with a BackendError, while it is still sound. */
export function guardMemory(backend: BackendWasm, limit = wasmLimit): void {
  const sizes = new Map<object, number>();
  let held = 0;
  const { move, disposeData } = backend;
  const module = backend.wasm as unknown as { _malloc(bytes: number): number };
  const malloc = module._malloc;
  // Without this a refused allocation yields address 0, and the tensor overwrites whatever lies there.
  module._malloc = (bytes) => {
    const address = malloc(bytes);
    if (address === 0 && bytes > 0) throw outOfMemory(bytes, held, limit);
    return address;
  };
  backend.move = (dataId, values, shape, dtype, refCount) => {
    const bytes = dtype === 'string' ? 0 : util.sizeFromShape(shape) * util.bytesPerElement(dtype);
    if (held + bytes > limit) throw outOfMemory(bytes, held, limit);
    move.call(backend, dataId, values, shape, dtype, refCount);
    sizes.set(dataId, bytes);
    held += bytes;
  };
  backend.disposeData = (dataId, force) => {
    const gone = disposeData.call(backend, dataId, force);
    if (gone) {
      held -= sizes.get(dataId) ?? 0;
      sizes.delete(dataId);
    }
    return gone;
  };
  heldBy.set(backend, () => held);
}

/** Bytes that still fit on the heap of a guarded backend; of another backend, unlimited as far as this guard knows. */
export function wasmBytesLeft(backend: object): number {
  return wasmLimit - (heldBy.get(backend)?.() ?? -Infinity);
}

/** The error for work that exceeds the WebAssembly heap. */
export function outOfMemory(bytes: number, held: number, limit: number, what = 'a tensor'): BackendError {
  const megabytes = (value: number): string => `${Math.round(value / 2 ** 20)} MiB`;
  return new BackendError(
    `The WebAssembly backend has no room for ${what} of ${megabytes(bytes)}: ${megabytes(held)} of ${megabytes(limit)} are used.`,
    {
      where: 'backend wasm',
      remedy:
        'Install the native backend (`npx promptweave runtime install`), or use a smaller batch, model or number of classes.',
    },
  );
}
