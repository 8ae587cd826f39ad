import { spawn } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';

it.runIf(tf.getBackend() === 'tensorflow')('signals that arrive within products damage nothing', async () => {
  let taken = 0;
  const take = (): void => void taken++;
  process.on('SIGWINCH', take);
  const program = `for i in $(seq 300); do kill -WINCH ${process.pid} || exit 1; sleep 0.005; done`;
  const sender = spawn('sh', ['-c', program], { stdio: 'ignore' });
  const matrix = tf.ones([300, 300]);
  while (sender.exitCode === null) {
    const products = Array.from({ length: 20 }, () => tf.matMul(matrix, matrix));
    const total = tf.addN(products);
    const sums = total.dataSync();
    expect(sums.every((sum) => sum === 20 * 300)).toBe(true);
    tf.dispose([total, ...products]);
    await setImmediate();
  }
  matrix.dispose();
  process.off('SIGWINCH', take);
  expect(sender.exitCode).toBe(0);
  expect(taken).toBeGreaterThan(10);
});
