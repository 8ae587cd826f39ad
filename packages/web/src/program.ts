import { CheckpointError } from '@promptweave/core/portable';
import * as tf from '@tensorflow/tfjs-core';

/** TensorFlow.js kernels that a program may use, with their inputs and attributes. */
export const KERNELS = {
  Add: { inputs: ['a', 'b'], attrs: [] },
  Sub: { inputs: ['a', 'b'], attrs: [] },
  Multiply: { inputs: ['a', 'b'], attrs: [] },
  RealDiv: { inputs: ['a', 'b'], attrs: [] },
  Maximum: { inputs: ['a', 'b'], attrs: [] },
  Minimum: { inputs: ['a', 'b'], attrs: [] },
  Square: { inputs: ['x'], attrs: [] },
  Sqrt: { inputs: ['x'], attrs: [] },
  Rsqrt: { inputs: ['x'], attrs: [] },
  Exp: { inputs: ['x'], attrs: [] },
  Log: { inputs: ['x'], attrs: [] },
  Neg: { inputs: ['x'], attrs: [] },
  Abs: { inputs: ['x'], attrs: [] },
  Relu: { inputs: ['x'], attrs: [] },
  Sigmoid: { inputs: ['x'], attrs: [] },
  Tanh: { inputs: ['x'], attrs: [] },
  Erf: { inputs: ['x'], attrs: [] },
  Identity: { inputs: ['x'], attrs: [] },
  Sum: { inputs: ['x'], attrs: ['axis', 'keepDims'] },
  Mean: { inputs: ['x'], attrs: ['axis', 'keepDims'] },
  Reshape: { inputs: ['x'], attrs: ['shape'] },
  Transpose: { inputs: ['x'], attrs: ['perm'] },
  BatchMatMul: { inputs: ['a', 'b'], attrs: ['transposeA', 'transposeB'] },
} as const;

/** Name of a kernel that a program may use. */
export type KernelName = keyof typeof KERNELS;

/** One kernel. Inputs are names of the program's inputs, `#i` (the outcome of node i), or names of tensors of the file. */
export interface ProgramNode {
  readonly kernel: KernelName;
  readonly inputs: Readonly<Record<string, string>>;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** A function of rows as a list of kernels; the last one gives the outcome. A size of −1 is that of the batch. */
export interface Program {
  readonly nodes: readonly ProgramNode[];
}

/** Runs a program. Call within `tf.tidy`. @param constant a tensor of the file by its name */
export function runProgram(
  { nodes }: Program,
  inputs: Readonly<Record<string, tf.Tensor>>,
  constant: (name: string) => tf.Tensor,
): tf.Tensor {
  const outcomes: tf.Tensor[] = [];
  const valueOf = (name: string): tf.Tensor =>
    name.startsWith('#') ? outcomes[Number(name.slice(1))]! : (inputs[name] ?? constant(name));
  for (const { kernel, inputs: of, attrs } of nodes) {
    const given = Object.fromEntries(Object.entries(of).map(([key, name]) => [key, valueOf(name)]));
    outcomes.push(tf.engine().runKernel(kernel, given, attrs as unknown as tf.NamedAttrMap));
  }
  return outcomes.at(-1)!;
}

/** Names of the tensors of the file that a program uses. */
export function constantsOf({ nodes }: Program, inputs: readonly string[]): string[] {
  const names = nodes.flatMap((node) => Object.values(node.inputs));
  return [...new Set(names)].filter((name) => !name.startsWith('#') && !inputs.includes(name));
}

/** @throws CheckpointError where a value of a file is no program of these inputs */
export function checkProgram(value: unknown, inputs: readonly string[], where: string): asserts value is Program {
  const nodes = (value as { nodes?: unknown } | undefined)?.nodes;
  const fail = (message: string): never => {
    throw new CheckpointError(message, { where, remedy: 'Write it anew: promptweave export RUN.' });
  };
  if (!Array.isArray(nodes) || nodes.length === 0) return fail('The model has no program here.');
  nodes.forEach((node: unknown, i) => {
    const { kernel, inputs: of, attrs } = (node ?? {}) as Partial<Record<string, unknown>>;
    if (typeof kernel !== 'string' || !Object.hasOwn(KERNELS, kernel)) {
      return fail(`Step ${i} of the program is none that a program may have: ${JSON.stringify(kernel)}.`);
    }
    const known = KERNELS[kernel as KernelName];
    const hasAll = (given: unknown, names: readonly string[]): given is Record<string, unknown> =>
      typeof given === 'object' && given !== null && Object.keys(given).sort().join() === [...names].sort().join();
    if (!hasAll(of, known.inputs)) return fail(`Step ${i} of the program has not the inputs of ${kernel}.`);
    if (!hasAll(attrs, known.attrs)) return fail(`Step ${i} of the program has not the attributes of ${kernel}.`);
    for (const name of Object.values(of)) {
      if (typeof name !== 'string' || name === '') return fail(`Step ${i} of the program has an input without a name.`);
      if (name.startsWith('#') && !(/^#\d+$/.test(name) && Number(name.slice(1)) < i)) {
        return fail(`Step ${i} of the program uses ${name}, which is not before it.`);
      }
      if (name === 'promptRows' && !inputs.includes(name)) return fail(`Step ${i} of the program uses ${name}.`);
    }
  });
}
