import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';

it.runIf(tf.getBackend() === 'tensorflow')(
  'casts to another type, and gives the same numbers again for the same type',
  () => {
    const before = tf.memory().numTensors;
    const x = tf.tensor1d([0, 1.7, -2.2]);
    const same = tf.cast(x, 'float32');
    const whole = tf.cast(x, 'int32');
    x.dispose();
    expect([...same.dataSync()]).toEqual([0, Math.fround(1.7), Math.fround(-2.2)]);
    expect([whole.dtype, ...whole.dataSync()]).toEqual(['int32', 0, 1, -2]);
    expect([...tf.tidy(() => tf.cast(whole, 'bool').dataSync())]).toEqual([0, 1, 1]);
    tf.dispose([same, whole]);
    expect(tf.memory().numTensors).toBe(before);
  },
);
