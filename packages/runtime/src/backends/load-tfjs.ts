import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '@promptweave/core';
import { completeTfjs } from '../../tfjs/complete-tfjs.js';

/** TensorFlow.js as the backends need it. */
export type Tfjs = typeof tf;

/**
 * Loads tfjs-core with what its build for Node leaves out, gradients and the methods of tensors, and the plain CPU backend.
 *
 * @param callers the caller's tfjs-core, to be compared with ours
 * @throws BackendError where there are two copies of tfjs-core: tensors of one are unknown to the other
 */
export async function loadTfjs(callers?: Tfjs): Promise<Tfjs> {
  const tfjs = complete();
  for (const other of [tf, callers]) {
    if (!other || other.Tensor === tfjs.Tensor) continue;
    throw new BackendError(
      `There are two copies of @tensorflow/tfjs-core (${other.version_core} and ${tfjs.version_core}).`,
      {
        where: 'node_modules',
        remedy: `Depend on @tensorflow/tfjs-core ${tfjs.version_core} and run \`npm dedupe\`, so that there is one (\`npm ls @tensorflow/tfjs-core\` shows them).`,
      },
    );
  }
  await import('@tensorflow/tfjs-backend-cpu');
  return tfjs;
}

function complete(): Tfjs {
  try {
    return completeTfjs();
  } catch (cause) {
    throw new BackendError(
      `The gradients of @tensorflow/tfjs-core ${tf.version_core} cannot be loaded: ${String(cause)}`,
      {
        where: 'node_modules/@tensorflow/tfjs-core',
        remedy: 'Install it again (`npm ci`), or the version 4.22.0, with which promptweave is tested.',
        cause,
      },
    );
  }
}
