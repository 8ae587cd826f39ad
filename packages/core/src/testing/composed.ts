import * as tf from '@tensorflow/tfjs-core';

const KERNEL = 'PromptweaveProgram';

/** Does work with every operation handed over by itself, none of them within a program: so that tests can count them and see their shapes. */
export function composed<T>(work: () => T): T {
  const backend = tf.getBackend();
  const programs = tf.getKernel(KERNEL, backend);
  if (!programs) return work();
  tf.unregisterKernel(KERNEL, backend);
  try {
    return work();
  } finally {
    tf.registerKernel(programs);
  }
}

/** Lets go of all programs: whatever was recorded before has no part in what a test counts. */
export function forgetPrograms(): void {
  tf.getKernel(KERNEL, tf.getBackend())?.disposeFunc?.(tf.backend());
}
