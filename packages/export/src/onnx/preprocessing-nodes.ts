import type { Preprocessing } from '@promptweave/core';
import { elementTypes } from './onnx-format.js';
import type { Graph } from './graph.js';

/** Pillow's weights are whole multiples of 2 to the power of −22. */
const FRACTION_BITS = 22;

/**
 * Brings images of one size to the tower: [N, height, width, 3] of bytes → [N, 3, size, size], resized and cut as CLIP does it, and
 * normalised.
 */
export function preprocessingNodes(graph: Graph, image: string, preprocessing: Preprocessing): string {
  const { mean, std, size } = preprocessing;
  const planes = graph.op('Transpose', [image], { perm: [0, 3, 1, 2] });
  const square =
    preprocessing.resize === 'squash' ? resized(graph, planes, preprocessing) : cut(graph, planes, preprocessing);
  const unit = graph.op('Div', [graph.op('Cast', [square], { to: elementTypes.float32 }), graph.floats([255], [])]);
  const shifted = graph.op('Sub', [unit, graph.floats(mean, [3, 1, 1])]);
  const normal = graph.op('Div', [shifted, graph.floats(std, [3, 1, 1])]);
  return graph.op('Reshape', [normal, graph.integers([-1, 3, size, size])]);
}

/** To a square, whatever the shape. */
function resized(graph: Graph, planes: string, preprocessing: Preprocessing): string {
  const { size } = preprocessing;
  return resize(graph, planes, graph.integers([size, size]), preprocessing);
}

/** The short side becomes `size`, the long side is cut off to a whole number; then the centre, whose corner is rounded with halves to even. */
function cut(graph: Graph, planes: string, preprocessing: Preprocessing): string {
  const side = graph.integers([preprocessing.size]);
  const [height, width] = [2, 3].map((axis) => graph.op('Shape', [planes], { start: axis, end: axis + 1 })) as [
    string,
    string,
  ];
  const [longest, shortest] = [graph.op('Max', [height, width]), graph.op('Min', [height, width])];
  const long = graph.op('Div', [graph.op('Mul', [side, longest]), shortest]); // whole numbers, cut off
  const upright = graph.op('LessOrEqual', [width, height]);
  const sides = [graph.op('Where', [upright, long, side]), graph.op('Where', [upright, side, long])];
  const whole = resize(graph, planes, graph.op('Concat', sides, { axis: 0 }), preprocessing);
  const corner = sides.map((of) => {
    const rest = graph.op('Cast', [graph.op('Sub', [of, side])], { to: elementTypes.float32 });
    const half = graph.op('Round', [graph.op('Div', [rest, graph.floats([2], [])])]);
    return graph.op('Cast', [half], { to: elementTypes.int64 });
  });
  const from = graph.op('Concat', corner, { axis: 0 });
  const to = graph.op('Add', [from, side]);
  return graph.op('Slice', [whole, from, to, graph.integers([2, 3])]);
}

function resize(graph: Graph, planes: string, sides: string, { interpolation }: Preprocessing): string {
  if (interpolation === 'bilinear') return bilinear(graph, planes, sides);
  const kept = graph.op('Shape', [planes], { start: 0, end: 2 });
  return graph.op('Resize', [planes, '', '', graph.op('Concat', [kept, sides], { axis: 0 })], {
    ...{ mode: 'cubic', antialias: 1, coordinate_transformation_mode: 'half_pixel' },
    ...{ cubic_coeff_a: { float: -0.5 }, exclude_outside: 1 },
  });
}

/**
 * Pillow's bilinear kernel as a matrix for each side, with rounding to whole numbers between the two: the operator `Resize` repeats pixels
 * beyond the edge, and Pillow leaves them out.
 */
function bilinear(graph: Graph, planes: string, sides: string): string {
  const weights = [0, 1].map((i) => {
    const input = graph.op('Shape', [planes], { start: 2 + i, end: 3 + i });
    const output = graph.op('Slice', [sides, graph.integers([i]), graph.integers([i + 1])]);
    return triangles(graph, input, output);
  }) as [string, string];
  const wide = graph.op('Transpose', [weights[1]], { perm: [1, 0] });
  const rows = rounded(graph, graph.op('MatMul', [double(graph, planes), wide]));
  return rounded(graph, graph.op('MatMul', [weights[0], rows]));
}

/** Weights of each input pixel for each output pixel, [output, input]; when shrinking the triangles are as much wider. */
function triangles(graph: Graph, input: string, output: string): string {
  const centres = (count: string): string => {
    const first = graph.integers(0);
    const numbers = graph.op('Range', [first, graph.op('Squeeze', [count]), graph.integers(1)]);
    return graph.op('Add', [double(graph, numbers), graph.doubles([0.5], [])]);
  };
  const scale = graph.op('Div', [double(graph, input), double(graph, output)]);
  const at = graph.op('Unsqueeze', [graph.op('Mul', [centres(output), scale]), graph.integers([1])]);
  const apart = graph.op('Abs', [graph.op('Sub', [centres(input), at])]);
  const one = graph.doubles([1], []);
  const distance = graph.op('Div', [apart, graph.op('Max', [scale, one])]);
  const height = graph.op('Max', [graph.op('Sub', [one, distance]), graph.doubles([0], [])]);
  const shares = graph.op('Div', [height, graph.op('ReduceSum', [height, graph.integers([1])], { keepdims: 1 })]);
  const unit = graph.doubles([2 ** FRACTION_BITS], []);
  return graph.op('Div', [rounded(graph, graph.op('Mul', [shares, unit])), unit]);
}

/** To the nearest whole number, a half up. */
function rounded(graph: Graph, x: string): string {
  return graph.op('Floor', [graph.op('Add', [x, graph.doubles([0.5], [])])]);
}

function double(graph: Graph, x: string): string {
  return graph.op('Cast', [x], { to: elementTypes.float64 });
}
