import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '@promptweave/core';

/** The part of `@tensorflow/tfjs` that the backends need: it re-exports tfjs-core. */
export type Tfjs = typeof tf;

/**
 * Loads `@tensorflow/tfjs`, which registers the gradients (tfjs-core's build for Node registers none) and the plain CPU backend.
 *
 * @param callers the caller's tfjs-core, to be compared with ours
 * @throws BackendError where there are two copies of tfjs-core: tensors of one are unknown to the other
 */
export async function loadTfjs(callers?: Tfjs): Promise<Tfjs> {
  const { default: tfjs } = (await import('@tensorflow/tfjs')) as unknown as { default: Tfjs };
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
  return tfjs;
}
