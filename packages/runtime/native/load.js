/**
 * Loads an installation of libtensorflow (see src/install) and registers it with tfjs-core as the backend 'tensorflow'.
 *
 * It takes the kernels of `@tensorflow/tfjs-node-gpu` without that package's own start-up code, which would look for its
 * binding inside node_modules. Plain JavaScript, because the installer also runs it in a child process to check what it built.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { prepareGpu } from './gpu.js';

/** The installation's `node_modules/@tensorflow/tfjs` is one line that hands out this object: there is one TensorFlow.js, the caller's. */
const sharedTfjs = Symbol.for('promptweave.tfjs');

/**
 * @param {string} folder an installation
 * @param {object} tfjs the caller's tfjs-core
 * @param {string} [compiled] folder for what TensorFlow compiles for a GPU while it runs
 * @returns {{ tensorflowVersion: string, usesGpu: boolean, fused: boolean, bfloat16?: string, programs?: object, gpu?: object }} `fused`: whether the
 *   operations of fused/ are there; `bfloat16`: the CPU's instruction that they multiply bfloat16 with, if there is one; `programs`: makes functions of
 *   recorded operations, see programs/; `gpu`: of an installation for GPUs, see gpu.js
 */
export function loadNative(folder, tfjs, compiled) {
  provideRemovedUtilities();
  globalThis[sharedTfjs] = tfjs;
  const requireFrom = createRequire(join(folder, 'package.json'));
  if (!requireFrom('./binding/signals.node').keepAway()) throw new Error('The system starts no thread for signals.');
  const gpu = existsSync(join(folder, 'binding', 'gpu.node')) ? prepareGpu(folder, requireFrom, compiled) : undefined;
  const binding = loadBinding(requireFrom);
  gpu?.restore();
  const { NodeJSKernelBackend } = requireFrom('@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js');
  requireFrom('@tensorflow/tfjs-node-gpu/dist/register_all_kernels.js');
  const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu');
  tfjs.registerBackend('tensorflow', () => backend, 3);
  const usesGpu = backend.isUsingGpuDevice;
  const wanted = !usesGpu && process.env.PROMPTWEAVE_FUSED !== '0';
  const fused = wanted && existsSync(join(folder, 'binding', 'fused.node'));
  const bfloat16 = (fused && requireFrom('./binding/fused.node').bfloat16) || undefined;
  const programs = process.env.PROMPTWEAVE_PROGRAMS === '0' ? undefined : requireFrom('./binding/programs.node');
  programs?.attach(join(folder, 'binding', 'tfjs_binding.node'), usesGpu);
  const own = { fused, ...(bfloat16 && { bfloat16 }), programs };
  return { tensorflowVersion: binding.TF_Version, usesGpu, ...own, ...(gpu && { gpu }) };
}

/** Loads the binding and with it libtensorflow, without what that prints unless `TF_CPP_MIN_LOG_LEVEL` asks for it with 0. */
function loadBinding(requireFrom) {
  const quiet = requireFrom('./binding/quiet.node');
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  if (process.env.TF_CPP_MIN_LOG_LEVEL !== '0') quiet.silence();
  try {
    return requireFrom('./binding/tfjs_binding.node');
  } finally {
    quiet.restore();
  }
}

/** Node 23 removed two functions that tfjs-node 4.22 calls; Node 22 prints a warning at their first use. */
function provideRemovedUtilities() {
  util.isNullOrUndefined = (value) => value === null || value === undefined;
  util.isArray = Array.isArray;
}
