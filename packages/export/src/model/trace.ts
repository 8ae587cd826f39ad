import { composed, ConfigError, hostTensor, type HostTensor } from '@promptweave/core';
import { keptOutcome } from '@promptweave/core/experiment';
import { KERNELS, type KernelName, type Program, type ProgramNode } from '@promptweave/web';
import * as tf from '@tensorflow/tfjs-core';

/** A function of rows that was written down, and the tensors that it uses. */
export interface Traced {
  readonly program: Program;
  readonly constants: ReadonlyMap<string, HostTensor>;
}

/** What is written down. */
export interface TraceRequest {
  /** Names it in errors. */
  readonly what: string;
  /** Of its tensors' names. */
  readonly prefix: string;
  /** Sizes of one row of each input, by name. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  compute(inputs: Readonly<Record<string, tf.Tensor>>): tf.Tensor;
}

/** Two numbers of rows: what differs between them hangs on their number. */
const ROWS = [2, 3] as const;

/**
 * Writes down what a function computes of rows, kernel by kernel; what does not depend on them is a constant.
 * @throws ConfigError where it uses something that no program has, or depends on the number of its rows
 */
export function trace(request: TraceRequest): Traced {
  const [few, more] = ROWS.map((rows) => traceOnce(request, rows)) as [Traced, Traced];
  const refuse = (): never => {
    throw unable(request.what, 'it treats rows differently when there are more of them');
  };
  const { nodes } = more.program;
  if (few.program.nodes.length !== nodes.length || few.constants.size !== more.constants.size) refuse();
  const merged = few.program.nodes.map((node, i): ProgramNode => {
    const other = nodes[i]!;
    if (node.kernel !== other.kernel || JSON.stringify(node.inputs) !== JSON.stringify(other.inputs)) refuse();
    if (node.kernel === 'Reshape') return { ...node, attrs: { shape: ofAnyCount(node, other, refuse) } };
    if (JSON.stringify(node.attrs) !== JSON.stringify(other.attrs)) refuse();
    return node;
  });
  for (const [name, { shape }] of few.constants) {
    if (more.constants.get(name)?.shape.join() !== shape.join()) refuse();
  }
  return { program: { nodes: merged }, constants: few.constants };
}

/** The shape with −1 where the number of rows stands. */
function ofAnyCount(node: ProgramNode, other: ProgramNode, refuse: () => never): number[] {
  const [few, more] = [node, other].map(({ attrs }) => attrs.shape as number[]) as [number[], number[]];
  if (few.length !== more.length) refuse();
  const shape = few.map((size, axis) => (size === more[axis] ? size : -1));
  return shape.filter((size) => size === -1).length > 1 ? refuse() : shape;
}

function traceOnce({ what, prefix, inputs, compute }: TraceRequest, rows: number): Traced {
  const names = new Map<number, string>(); // by the id of the tensor
  const constants = new Map<string, HostTensor>();
  const nodes: ProgramNode[] = [];
  const nameOf = (tensor: tf.Tensor): string => {
    const known = names.get(tensor.id);
    if (known !== undefined) return known;
    if (tensor.dtype !== 'float32' && tensor.dtype !== 'int32')
      throw unable(what, `it uses values of the type ${tensor.dtype}`);
    const name = `${prefix}.${constants.size}`;
    constants.set(name, hostTensor(tensor.dataSync<'float32'>().slice(), [...tensor.shape]));
    names.set(tensor.id, name);
    return name;
  };
  const engine = tf.engine();
  const original = engine.runKernel;
  let depth = 0;
  engine.runKernel = function <T extends tf.Tensor | tf.Tensor[]>(
    name: string,
    given: tf.NamedTensorMap,
    attrs?: tf.NamedAttrMap,
  ): T {
    depth++;
    try {
      const outcome = original.call(engine, name, given, attrs) as T;
      const depends = Object.values(given).some((tensor) => tensor && names.get(tensor.id)?.match(/^#|^input:/));
      if (depth > 1 || !depends) return outcome;
      if (Array.isArray(outcome)) throw unable(what, `it uses ${name}`);
      const node = nodeOf(name, given, attrs ?? {}, outcome, nameOf);
      if (!node) throw unable(what, `it uses ${name}`);
      names.set(outcome.id, `#${nodes.length}`);
      nodes.push(node);
      return outcome;
    } finally {
      depth--;
    }
  };
  try {
    return keptOutcome(() => {
      const given = Object.entries(inputs).map(([name, row]) => {
        const tensor = tf.randomNormal([rows, ...row], 0, 1, 'float32', 1);
        names.set(tensor.id, `input:${name}`);
        return [name, tensor] as const;
      });
      const outcome = composed(() => compute(Object.fromEntries(given)));
      const last = names.get(outcome.id);
      if (last !== `#${nodes.length - 1}`) throw unable(what, 'its outcome is not what it computed last');
      const own = (name: string): string => name.replace(/^input:/, '');
      const program = nodes.map((node) => ({
        ...node,
        inputs: Object.fromEntries(Object.entries(node.inputs).map(([key, name]) => [key, own(name)])),
      }));
      return { program: { nodes: program }, constants };
    });
  } finally {
    engine.runKernel = original;
  }
}

function nodeOf(
  name: string,
  given: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap,
  outcome: tf.Tensor,
  nameOf: (tensor: tf.Tensor) => string,
): ProgramNode | undefined {
  // Shapes are written out, so that one kernel does for all of them.
  if (name === 'ExpandDims' || name === 'Reshape') {
    const x = given.input ?? given.x!;
    return { kernel: 'Reshape', inputs: { x: nameOf(x) }, attrs: { shape: [...outcome.shape] } };
  }
  if (!Object.hasOwn(KERNELS, name)) return undefined;
  const kernel = name as KernelName;
  const known = KERNELS[kernel];
  return {
    kernel,
    inputs: Object.fromEntries(known.inputs.map((key) => [key, nameOf(given[key]!)])),
    attrs: Object.fromEntries(known.attrs.map((key) => [key, attrs[key]])),
  };
}

function unable(what: string, why: string): ConfigError {
  return new ConfigError(`${what} cannot leave promptweave: ${why}.`, {
    remedy: 'Use the run with promptweave predict or promptweave serve, which need no exported model.',
  });
}
