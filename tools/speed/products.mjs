/**
 * Products of the shapes of ViT-B/16's blocks in turns: TensorFlow's MatMul in float32, its MatMul of bfloat16 with the casts that it takes, and
 * promptweave's product of bfloat16 with a packed weight. Prints GFLOP/s, the median of the turns.
 *
 * Usage: node tools/speed/products.mjs [turns]
 */
import * as tf from '@tensorflow/tfjs-core';
import { selectBackend } from '@promptweave/runtime';

const turns = Number(process.argv[2] ?? 15);
const { bfloat16 } = await selectBackend('tensorflow', { tfjsCore: tf, precision: 'bfloat16' });
const backend = tf.backend();
const { TF_ATTR_BOOL, TF_ATTR_TYPE, TF_ATTR_INT, TF_FLOAT } = backend.binding;
const BFLOAT16 = 14;

const type = (name, value) => ({ name, type: TF_ATTR_TYPE, value });
const yes = (name, value) => ({ name, type: TF_ATTR_BOOL, value });
const whole = (name, value) => ({ name, type: TF_ATTR_INT, value });

/** Tensors of bfloat16 have no type in TensorFlow.js: they are numbers of the binding, as are all others here. */
const execute = (operation, attributes, ids) => backend.binding.executeOp(operation, attributes, ids, 1)[0].id;
const cast = (id, from, to) => execute('Cast', [type('SrcT', from), type('DstT', to), yes('Truncate', false)], [id]);
const matMul = (a, b, of) =>
  execute('MatMul', [type('T', of), yes('transpose_a', false), yes('transpose_b', false)], [a, b]);
const idOf = (tensor) => backend.getInputTensorIds([tensor])[0];
const free = (...ids) => ids.forEach((id) => backend.binding.deleteTensor(id));

console.log(`${bfloat16}: GFLOP/s of [rows, inputs] · [inputs, outputs]`);
for (const [rows, inputs, outputs] of [
  [788, 768, 2304],
  [788, 768, 768],
  [788, 768, 3072],
  [788, 3072, 768],
  [1600, 512, 2048],
]) {
  // oxfmt-ignore
  const [x, weight] = [[rows, inputs], [inputs, outputs]].map((shape) => tf.randomNormal(shape)); // oxfmt-ignore
  const rounded = cast(idOf(weight), TF_FLOAT, BFLOAT16);
  const packed = execute('PromptweavePackWeight', [], [idOf(weight)]);
  const ways = {
    'TensorFlow, float32': () => free(matMul(idOf(x), idOf(weight), TF_FLOAT)),
    'TensorFlow, bfloat16': () => {
      const operand = cast(idOf(x), TF_FLOAT, BFLOAT16);
      const product = matMul(operand, rounded, BFLOAT16);
      free(operand, cast(product, BFLOAT16, TF_FLOAT), product);
    },
    promptweave: () =>
      free(
        execute(
          'PromptweaveBfloat16Product',
          [whole('rows', inputs), whole('columns', outputs), whole('transposed', 0)],
          [idOf(x), packed],
        ),
      ),
  };
  const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let turn = -1; turn < turns; turn++) {
    for (const [name, multiply] of Object.entries(ways)) {
      const begun = performance.now();
      for (let i = 0; i < 4; i++) multiply();
      if (turn >= 0) rates[name].push((4 * 2 * rows * inputs * outputs) / 1e6 / (performance.now() - begun));
    }
  }
  const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)].toFixed(0);
  console.log(
    `[${rows}, ${inputs}] · [${inputs}, ${outputs}]: ${Object.entries(rates)
      .map(([name, values]) => `${name} ${median(values)}`)
      .join(', ')}`,
  );
}
