/**
 * Checks an installation by running it: `node self-check.js FOLDER [runs]`. It computes one of every operation that promptweave uses and
 * compares the results with plain arithmetic; with `runs` it only sees that they can be computed, as on a driver that computes nothing.
 * Prints one line of JSON; exits with 1 and the reason where an operation fails or is wrong.
 */
import { createRequire } from 'node:module';
import { completeTfjs } from '../tfjs/complete-tfjs.js';
import { loadNative } from './load.js';
import { operations } from './operations.js';

const [folder, mode] = process.argv.slice(2);
const tfjs = completeTfjs();
createRequire(import.meta.url)('@tensorflow/tfjs-backend-cpu');
const { tensorflowVersion, usesGpu, fused, bfloat16, gpu } = loadNative(folder, tfjs);
if (usesGpu && gpu && !gpu.allowTensorFloat32(false)) throw new Error('TF32 cannot be switched off');

const found = await computed('tensorflow');
if (mode !== 'runs') {
  const expected = await computed('cpu');
  for (const [name, values] of Object.entries(expected)) expectClose(name, found[name], values);
}
await checkOwn();
const { problem, first } = gpu ?? {};
const count = Object.keys(found).length;
console.log(
  JSON.stringify({ tensorflowVersion, usesGpu, operations: count, gpu: usesGpu ? first?.name : undefined, problem }),
);

/** The numbers of every operation, on one of the backends. */
async function computed(backend) {
  await tfjs.setBackend(backend);
  await tfjs.ready();
  if (backend === 'cpu') Object.assign(tfjs.backend(), { firstUse: false }); // it would print a banner
  const results = {};
  for (const [name, run] of Object.entries(operations(tfjs))) {
    try {
      results[name] = await tfjs.tidy(run).data();
    } catch (cause) {
      throw new Error(`${name} cannot be computed${usesGpu ? ` on ${first.name}` : ''}: ${cause.message}`, { cause });
    }
  }
  return results;
}

/** What our own kernels call besides: see src/native. */
async function checkOwn() {
  await tfjs.setBackend('tensorflow');
  const backend = tfjs.backend();
  const [x, y, row] = [[4, 3], [4, 3], [3]].map((shape, i) => tfjs.randomUniform(shape, -1, 1, 'float32', i + 1)); // oxfmt-ignore
  const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  const attributes = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'transpose_a', type: TF_ATTR_BOOL, value: true },
    { name: 'transpose_b', type: TF_ATTR_BOOL, value: false },
  ];
  const product = backend.executeSingleOutput('MatMul', attributes, [x, y]);
  await compare('a product of two matrices', product, () => tfjs.matMul(x, y, true));
  if (!fused) return;
  const [total] = backend.executeMultipleOutputs('PromptweaveAddProduct', [], [x, y, row], 1);
  await compare('the fused sum', total, () => tfjs.add(tfjs.add(x, y), row));
  if (bfloat16) await checkBfloat16(backend);
}

/** Products of numbers that bfloat16 has, larger than its blocks of 32, and the rounding of others: to even ones half-way between two. */
async function checkBfloat16(backend) {
  const run = (name, inputs, attributes) =>
    backend.executeMultipleOutputs(`Promptweave${name}`, attributes, inputs, 1)[0];
  const attributes = (rows, columns, transposed) =>
    Object.entries({ rows, columns, transposed }).map(([name, value]) => ({
      ...{ name, value },
      type: backend.binding.TF_ATTR_INT,
    }));
  const eighths = (shape, seed) => tfjs.div(tfjs.round(tfjs.randomUniform(shape, -8, 8, 'float32', seed)), 8);
  const [rows, columns] = [40, 70];
  const weight = eighths([rows, columns], 4);
  const packed = run('PackWeight', [weight], []);
  for (const transposed of [0, 1]) {
    const x = eighths([33, transposed ? columns : rows], 5);
    const product = run('Bfloat16Product', [x, packed], attributes(rows, columns, transposed));
    await compare('a product of bfloat16', product, () => tfjs.matMul(x, weight, false, transposed === 1));
  }
  const between = run('PackWeight', [tfjs.tensor2d([[1 + 2 ** -8, 1 + 3 * 2 ** -8]])], []);
  const rounded = run('UnpackWeight', [between], attributes(1, 2, 0));
  await compare('rounding to bfloat16', rounded, () => tfjs.tensor2d([[1, 1 + 2 ** -6]]));
}

async function compare(name, { dataId }, expected) {
  const values = await tfjs.backend().read(dataId);
  if (mode !== 'runs') expectClose(name, values, await tfjs.tidy(expected).data());
}

/** Off by no more than a hundred thousandth of the largest number. */
function expectClose(name, values, expected) {
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs));
  const off = Math.max(...Array.from(expected, (value, i) => Math.abs(value - values[i]) / scale));
  if (!(off < 1e-5) || values.length !== expected.length)
    throw new Error(`${name} is wrong by ${off} of its largest number`);
}
