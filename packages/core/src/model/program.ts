import * as tf from '@tensorflow/tfjs-core';
import { gradientsWithinBackward } from './within-backward.js';

const KERNEL = 'PromptweaveProgram';

/** Tensors by name. */
export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/**
 * Runs operations that are the same in every step as one: the backend records them once and hands them over together from then on (packages/runtime,
 * src/native/programs). Where the backend has no programs, they are composed each time.
 *
 * @param key says all that the operations depend on besides types and shapes of the inputs
 * @param inputs every tensor that `compose` reads and does not make
 */
export function program<Outputs extends tf.Tensor[]>(
  key: string,
  inputs: readonly tf.Tensor[],
  compose: () => Outputs,
): Outputs {
  if (!hasPrograms()) return compose();
  const attributes = { key, compose } as unknown as tf.NamedAttrMap;
  return tf.engine().runKernel(KERNEL, inputs as unknown as tf.NamedTensorMap, attributes) as unknown as Outputs;
}

/**
 * A program that has gradients: those of the operations that it is composed of, which the backward pass computes again before. For small
 * tensors, where handing an operation over takes longer than computing it.
 *
 * @param key says all that the operations depend on besides names, types and shapes of what is given
 * @param inputs what gradients are asked for, by name
 * @param compute reads no tensor but those that it is given, inputs and constants, and that it makes
 * @param constants tensors through which no gradient flows, by other names
 */
export function differentiableProgram<Outputs extends tf.Tensor[]>(
  key: string,
  inputs: NamedTensors,
  compute: (given: NamedTensors) => Outputs,
  constants: NamedTensors = {},
): Outputs {
  if (!hasPrograms()) {
    const fixed = Object.entries(constants).map(([name, tensor]) => [name, offTape(tensor)]);
    return compute({ ...inputs, ...Object.fromEntries(fixed) });
  }
  const names = Object.keys({ ...inputs, ...constants });
  const learned = Object.keys(inputs);
  const named = `${key} of ${names}`;
  const computeFrom = (tensors: readonly tf.Tensor[]): Outputs =>
    compute(Object.fromEntries(names.map((name, i) => [name, tensors[i]!])));
  const forwardFunc = (_: unknown, save: tf.GradSaveFunc) => {
    const given = [...Object.values(inputs), ...Object.values(constants)];
    save(given);
    return program(`${named}, forward`, given, () => tidied(() => computeFrom(given)));
  };
  const backwardsFunc = (dy: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) => {
    const dys = [dy].flat();
    const [differentiated, fixed] = [saved.slice(0, learned.length), saved.slice(learned.length)];
    const again = (...given: tf.Tensor[]): tf.Tensor => joined(computeFrom([...given, ...fixed]));
    const gradients = program(`${named}, backward`, [...dys, ...saved], () =>
      withTape(() => gradientsWithinBackward(again, differentiated, joined(dys))),
    );
    return Object.fromEntries(learned.map((name, i) => [name, () => gradients[i]!]));
  };
  const engine = tf.engine() as unknown as { runKernelFunc(of: object): Outputs };
  return engine.runKernelFunc({ forwardFunc, backwardsFunc, inputs });
}

/** Does work with every operation handed over by itself, none of them within a program, for those who look at the operations. */
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

/** The same numbers as a tensor of which the tape knows nothing: no operation is handed over for it, and no gradient flows through it. */
function offTape({ dataId, shape, dtype }: tf.Tensor): tf.Tensor {
  tf.backend().incRef(dataId);
  return tf.engine().makeTensorFromTensorInfo({ dataId, shape, dtype });
}

const hasPrograms = (): boolean => tf.getKernel(KERNEL, tf.getBackend()) !== undefined;

const joined = (tensors: readonly tf.Tensor[]): tf.Tensor =>
  tensors.length === 1 ? tensors[0]! : tf.concat(tensors.map((tensor) => tf.reshape(tensor, [-1])));

/** `tf.tidy` for several tensors. */
const tidied = <Outputs extends tf.Tensor[]>(compute: () => Outputs): Outputs => tf.tidy(compute);

/** Gradients are taken within an operation, where TensorFlow.js writes down none. */
function withTape<T>(compute: () => T): T {
  const { state } = tf.engine();
  const { kernelDepth } = state;
  state.kernelDepth = 0;
  try {
    return compute();
  } finally {
    state.kernelDepth = kernelDepth;
  }
}
