/**
 * Checks an installation by running it: `node self-check.js FOLDER`. Prints one line of JSON; exits with 1 and the reason on a wrong number.
 */
import { completeTfjs } from '../tfjs/complete-tfjs.js';
import { loadNative } from './load.js';

const tfjs = completeTfjs();
const { tensorflowVersion, usesGpu, fused } = loadNative(process.argv[2], tfjs);
await tfjs.setBackend('tensorflow');
await tfjs.ready();

const size = 64;
const values = (seed) => Float32Array.from({ length: size * size }, (_, i) => ((i * seed) % 17) / 17 - 0.5);
const [a, b] = [values(7), values(11)];
const x = tfjs.tensor2d(a, [size, size]);
const y = tfjs.tensor2d(b, [size, size]);

expectClose('product', await tfjs.matMul(x, y).data(), (i, j) => sum((k) => a[i * size + k] * b[k * size + j]));
// d/dx of the sum of x·y: entry (i, k) is the sum of row k of y.
expectClose(
  'gradient',
  await tfjs
    .grad((x) => tfjs.sum(tfjs.matMul(x, y)))(x)
    .data(),
  (_, k) => sum((j) => b[k * size + j]),
);
if (fused) {
  const [total] = tfjs
    .backend()
    .executeMultipleOutputs('PromptweaveAddProduct', [], [x, y, tfjs.slice(x, 0, 1).flatten()], 1);
  const sums = await tfjs.backend().read(total.dataId);
  expectClose('sum', sums, (i, j) => a[i * size + j] + b[i * size + j] + a[j]);
}
console.log(JSON.stringify({ tensorflowVersion, usesGpu }));

function sum(term) {
  let total = 0;
  for (let k = 0; k < size; k++) total += term(k);
  return total;
}

function expectClose(name, found, expected) {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const difference = Math.abs(found[i * size + j] - expected(i, j));
      if (!(difference < 1e-3))
        throw new Error(`the ${name} of two matrices is wrong by ${difference} at (${i}, ${j})`);
    }
  }
}
