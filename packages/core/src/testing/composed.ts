import * as tf from '@tensorflow/tfjs-core';

export { composed } from '../model/program.js';

/** Lets go of all programs: whatever was recorded before has no part in what a test counts. */
export function forgetPrograms(): void {
  tf.getKernel('PromptweaveProgram', tf.getBackend())?.disposeFunc?.(tf.backend());
}
