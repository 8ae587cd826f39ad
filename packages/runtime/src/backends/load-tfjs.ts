import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
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
  const [ours, ofCore] = [
    tfjsCoreOf(import.meta.url),
    tfjsCoreOf(requireFrom.resolve('@promptweave/core/package.json')),
  ];
  if (ours.folder !== ofCore.folder)
    throw twoCopies(ours, `${ofCore.version} in ${ofCore.folder}, which @promptweave/core uses`);
  if (callers && callers.Tensor !== tfjs.Tensor)
    throw twoCopies(ours, `${callers.version_core}, which the caller uses`);
  requireFrom('@tensorflow/tfjs-backend-cpu'); // to import it, Node would search half a megabyte for the names of its exports
  return tfjs;
}

const requireFrom = createRequire(import.meta.url);

/** The copy of tfjs-core that a module gets. */
function tfjsCoreOf(module: string): { readonly folder: string; readonly version: string } {
  const manifest = createRequire(module).resolve('@tensorflow/tfjs-core/package.json');
  const { version } = requireFrom(manifest) as { version: string };
  return { folder: realpathSync(dirname(manifest)), version };
}

function twoCopies({ folder, version }: ReturnType<typeof tfjsCoreOf>, other: string): BackendError {
  const message = `There are two copies of @tensorflow/tfjs-core: ${version} in ${folder}, which @promptweave/runtime uses, and ${other}.`;
  return new BackendError(message, {
    where: 'node_modules',
    remedy: `Depend on @tensorflow/tfjs-core ${version} and run \`npm dedupe\`, so that there is one (\`npm ls @tensorflow/tfjs-core\` shows them).`,
  });
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
