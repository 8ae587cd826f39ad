import * as tf from '@tensorflow/tfjs-core';
import { ConformanceError } from './conformance-error.js';

/**
 * Sets a backend of TensorFlow.js where none is set: the best one that `@promptweave/runtime` finds.
 * @throws ConformanceError that says what to install where there is none
 */
export async function ensureBackend(): Promise<void> {
  if (isReady()) return;
  const runtime = '@promptweave/runtime'; // no dependency of core
  const found = (await import(/* @vite-ignore */ runtime).catch(() => undefined)) as
    | { selectBackend(name: 'auto'): Promise<unknown> }
    | undefined;
  await found?.selectBackend('auto');
  if (isReady()) return;
  throw new ConformanceError('No backend of TensorFlow.js is set, so nothing can be computed.', {
    remedy:
      'npm install --save-dev @promptweave/runtime, and the suite sets the best backend by itself; or import one, e.g. @tensorflow/tfjs-backend-cpu.',
  });
}

function isReady(): boolean {
  try {
    return tf.getBackend() !== undefined && tf.backend() !== undefined;
  } catch {
    return false;
  }
}
