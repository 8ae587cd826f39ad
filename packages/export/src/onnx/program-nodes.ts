import type { KernelName, Program, ProgramNode } from '@promptweave/web';
import type { Graph } from './graph.js';

/** A value of the graph and its number of dimensions. */
export interface Ranked {
  readonly name: string;
  readonly rank: number;
}

/** Kernels that are one operator of the same inputs. */
const SAME: Readonly<Partial<Record<KernelName, string>>> = {
  ...{
    Add: 'Add',
    Sub: 'Sub',
    Multiply: 'Mul',
    RealDiv: 'Div',
    Maximum: 'Max',
    Minimum: 'Min',
    Sqrt: 'Sqrt',
    Exp: 'Exp',
  },
  ...{
    Log: 'Log',
    Neg: 'Neg',
    Abs: 'Abs',
    Relu: 'Relu',
    Sigmoid: 'Sigmoid',
    Tanh: 'Tanh',
    Erf: 'Erf',
    Identity: 'Identity',
  },
};

/** Writes a program into the graph. @param constant puts a tensor of the model there */
export function programNodes(
  graph: Graph,
  { nodes }: Program,
  inputs: Readonly<Record<string, Ranked>>,
  constant: (name: string) => Ranked,
): string {
  const outcomes: Ranked[] = [];
  for (const node of nodes) {
    const given = Object.fromEntries(
      Object.entries(node.inputs).map(([key, name]) => {
        return [key, name.startsWith('#') ? outcomes[Number(name.slice(1))]! : (inputs[name] ?? constant(name))];
      }),
    );
    outcomes.push(nodeOf(graph, node, given));
  }
  return outcomes.at(-1)!.name;
}

function nodeOf(graph: Graph, { kernel, attrs }: ProgramNode, given: Readonly<Record<string, Ranked>>): Ranked {
  const values = Object.values(given);
  const names = values.map(({ name }) => name);
  const rank = Math.max(...values.map((value) => value.rank));
  const operator = SAME[kernel];
  if (operator) return { name: graph.op(operator, names), rank };
  switch (kernel) {
    case 'Square':
      return { name: graph.op('Mul', [names[0]!, names[0]!]), rank };
    case 'Rsqrt':
      return { name: graph.op('Reciprocal', [graph.op('Sqrt', names)]), rank };
    case 'Reshape': {
      const shape = attrs.shape as number[];
      return { name: graph.op('Reshape', [names[0]!, graph.integers(shape)]), rank: shape.length };
    }
    case 'Transpose':
      return { name: graph.op('Transpose', names, { perm: attrs.perm as number[] }), rank };
    case 'Sum':
    case 'Mean': {
      const axes = [attrs.axis ?? Array.from({ length: rank }, (_, i) => i)].flat() as number[];
      const keepdims = attrs.keepDims ? 1 : 0;
      const reduce = kernel === 'Sum' ? 'ReduceSum' : 'ReduceMean';
      const name = graph.op(reduce, [names[0]!, graph.integers(axes)], { keepdims });
      return { name, rank: keepdims ? rank : rank - axes.length };
    }
    case 'BatchMatMul': {
      const factor = (key: 'a' | 'b', transposed: unknown): string =>
        transposed ? graph.op('Transpose', [given[key]!.name], { perm: swapped(given[key]!.rank) }) : given[key]!.name;
      return { name: graph.op('MatMul', [factor('a', attrs.transposeA), factor('b', attrs.transposeB)]), rank };
    }
    default:
      throw new Error(`No operator for the kernel ${kernel}.`);
  }
}

/** The last two dimensions the other way round. */
function swapped(rank: number): number[] {
  return [...Array.from({ length: rank - 2 }, (_, i) => i), rank - 1, rank - 2];
}
