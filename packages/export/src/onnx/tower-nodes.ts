import type { ModelDescription } from '@promptweave/web';
import type { Graph } from './graph.js';

/** What the tower's nodes are made of. */
export interface TowerRequest {
  readonly graph: Graph;
  readonly model: ModelDescription;
  /** Puts a tensor of the model there, of another shape perhaps. */
  readonly weight: (name: string, shape?: number[]) => string;
  /** Number of prompt rows. */
  readonly prompts: number;
  /** Writes what is added to a layer for its input; undefined where nothing is. */
  readonly added: (place: string, rows: string) => string | undefined;
}

/** Values that the tower gives: image features [N, E] and the prompts' final states [N, n, V]. */
export interface TowerValues {
  readonly features: string;
  readonly promptRows?: string;
}

/** CLIP's image tower of normalised images [N, 3, size, size]. Rows of all images stand below each other, [N · L, V]. */
export function towerNodes(request: TowerRequest, pixels: string): TowerValues {
  const { graph, model, weight, prompts: n, added } = request;
  const { width, layers, imageSize, patchSize } = model.vision;
  const { shallow, deep, inserted } = model.prompts;
  const entered = 1 + Math.floor(imageSize / patchSize) ** 2;
  const batch = graph.op('Shape', [pixels], { start: 0, end: 1 });
  const forAll = (rows: string, count: number): string =>
    graph.op('Expand', [rows, graph.op('Concat', [batch, graph.integers([count, width])], { axis: 0 })]);
  const prompt = (name: string): string => forAll(weight(`prompts.${name}`, [1, n, width]), n);
  const flat = (x: string): string => graph.op('Reshape', [x, graph.integers([-1, width])]);
  const ofImages = (x: string, length: number): string => graph.op('Reshape', [x, graph.integers([-1, length, width])]);
  const slice = (x: string, from: number, to: number): string =>
    graph.op('Slice', [x, graph.integers([from]), graph.integers([to]), graph.integers([1])]);

  const grid = graph.op('Conv', [pixels, weight('visual.conv1.weight')], { strides: [patchSize, patchSize] });
  const columns = graph.op('Reshape', [grid, graph.integers([0, width, -1])]);
  const patches = graph.op('Transpose', [columns], { perm: [0, 2, 1] });
  const classToken = forAll(weight('visual.class_embedding', [1, 1, width]), 1);
  const rows = graph.op('Concat', [classToken, patches], { axis: 1 });
  const placed = graph.op('Add', [rows, weight('visual.positional_embedding')]);
  let length = entered + (shallow ? n : 0);
  let x = flat(shallow ? graph.op('Concat', [placed, prompt('shallow')], { axis: 1 }) : placed);
  x = normNode(request, x, 'visual.ln_pre');
  const first = added('input', x);
  if (first) x = graph.op('Add', [x, first]);
  for (let i = 0; i < layers; i++) {
    const entering =
      i > 0 && i <= deep
        ? `deep.${i}`
        : inserted && i >= inserted.block && i < inserted.block + inserted.count
          ? `inserted.${i - inserted.block}`
          : undefined;
    if (entering) {
      const kept = slice(ofImages(x, length), 0, entered);
      x = flat(graph.op('Concat', [kept, prompt(entering)], { axis: 1 }));
      length = entered + n;
    }
    x = blockNodes(request, x, i, length);
  }
  const final = ofImages(normNode(request, x, 'visual.ln_post'), length);
  const classRows = graph.op('Reshape', [slice(final, 0, 1), graph.integers([-1, width])]);
  const features = graph.op('MatMul', [classRows, weight('visual.proj')], {}, 'image_features');
  return length === entered ? { features } : { features, promptRows: slice(final, entered, length) };
}

function blockNodes(request: TowerRequest, x: string, index: number, length: number): string {
  const { graph, model, weight, added } = request;
  const { width, heads } = model.vision;
  const name = `visual.transformer.resblocks.${index}`;
  const perHead = width / heads;
  const plus = (y: string, place: string, input: string): string => {
    const more = added(`blocks.${index}.${place}`, input);
    return more ? graph.op('Add', [y, more]) : y;
  };
  const gemm = (input: string, of: string, separator = '.'): string =>
    graph.op('Gemm', [input, weight(`${name}.${of}${separator}weight`), weight(`${name}.${of}${separator}bias`)], {
      transB: 1,
    });

  const seen = normNode(request, x, `${name}.ln_1`);
  const parts = ['q', 'k', 'v'].map((part) => `${name}.${part}`);
  graph.ops('Split', [gemm(seen, 'attn.in_proj', '_')], { axis: 1, num_outputs: 3 }, parts);
  const perHeads = (part: string, place: string, perm: number[]): string => {
    const apart = graph.op('Reshape', [plus(part, place, seen), graph.integers([-1, length, heads, perHead])]);
    return graph.op('Transpose', [apart], { perm });
  };
  const q = perHeads(parts[0]!, 'q', [0, 2, 1, 3]); // [N, H, L, d]
  const k = perHeads(parts[1]!, 'k', [0, 2, 3, 1]); // [N, H, d, L]
  const v = perHeads(parts[2]!, 'v', [0, 2, 1, 3]);
  const scores = graph.op('Div', [graph.op('MatMul', [q, k]), graph.floats([Math.sqrt(perHead)], [])]);
  const mixed = graph.op('MatMul', [graph.op('Softmax', [scores], { axis: -1 }), v]);
  const merged = graph.op('Reshape', [
    graph.op('Transpose', [mixed], { perm: [0, 2, 1, 3] }),
    graph.integers([-1, width]),
  ]);
  const between = graph.op('Add', [x, plus(gemm(merged, 'attn.out_proj'), 'o', merged)]);
  const read = normNode(request, between, `${name}.ln_2`);
  const hidden = activationNodes(graph, plus(gemm(read, 'mlp.c_fc'), 'up', read), model.activation);
  const outcome = graph.op('Add', [between, plus(gemm(hidden, 'mlp.c_proj'), 'down', hidden)]);
  return plus(outcome, 'adapter', seen);
}

function normNode({ graph, weight }: TowerRequest, x: string, name: string): string {
  const inputs = [x, weight(`${name}.weight`), weight(`${name}.bias`)];
  return graph.op('LayerNormalization', inputs, { axis: -1, epsilon: { float: 1e-5 } });
}

function activationNodes(graph: Graph, x: string, activation: ModelDescription['activation']): string {
  const times = (value: string, factor: number): string => graph.op('Mul', [value, graph.floats([factor], [])]);
  if (activation === 'quick-gelu') return graph.op('Mul', [x, graph.op('Sigmoid', [times(x, 1.702)])]);
  const error = graph.op('Erf', [times(x, Math.SQRT1_2)]);
  return graph.op('Mul', [x, times(graph.op('Add', [error, graph.floats([1], [])]), 0.5)]);
}
