import type * as Wasm from '@tensorflow/tfjs-backend-wasm';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { BackendError } from '@promptweave/core';
import { registerBatchMatMul } from '../wasm/batch-mat-mul.js';
import { guardMemory } from '../wasm/memory-guard.js';
import { registerSlice } from '../wasm/slice.js';
import { registerTranspose } from '../wasm/transpose.js';
import { registerUnsortedSegmentSum } from '../wasm/unsorted-segment-sum.js';
import type { Tfjs } from './load-tfjs.js';

let loading: Promise<void> | undefined;

/** Loads the WebAssembly backend, with the kernels it lacks and a guard of its memory, and registers it as 'wasm'. */
export function loadWasmBackend(tfjs: Tfjs): Promise<void> {
  loading ??= load(tfjs);
  return loading;
}

async function load(tfjs: Tfjs): Promise<void> {
  const requireFrom = createRequire(import.meta.url);
  const wasm = requireFrom('@tensorflow/tfjs-backend-wasm') as typeof Wasm; // quicker than to import it
  const main = requireFrom.resolve('@tensorflow/tfjs-backend-wasm/package.json');
  wasm.setWasmPaths(join(dirname(main), 'dist') + sep);
  registerUnsortedSegmentSum();
  registerTranspose();
  registerBatchMatMul(); // which transposes
  registerSlice();
  if (!(await tfjs.setBackend('wasm'))) {
    throw new BackendError('The WebAssembly backend does not start.', {
      where: 'backend wasm',
      remedy: 'Use the backend `cpu`, or `npx promptweave runtime install`.',
    });
  }
  guardMemory(tfjs.backend() as Wasm.BackendWasm);
}
