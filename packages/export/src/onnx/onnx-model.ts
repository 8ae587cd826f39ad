import { encodeFloat16, type HostTensor } from '@promptweave/core';
import type { ModelFile } from '@promptweave/web';
import { isOfTower, type Precision } from '../bundle/bundle.js';
import { Graph, type Value } from './graph.js';
import { preprocessingNodes } from './preprocessing-nodes.js';
import { programNodes, type Ranked } from './program-nodes.js';
import { towerNodes, type TowerValues } from './tower-nodes.js';

/** What an ONNX model takes and how it is stored. */
export interface OnnxOptions {
  /**
   * `rgb`: `image`, bytes [N, height, width, 3] of any size, which are resized and normalised within the model. `float`: `pixel_values`,
   * [N, 3, size, size], prepared by the caller. Default `rgb`.
   */
  readonly input?: 'rgb' | 'float';
  /** How the tower's values are stored; it computes in float32 either way. Default float32. */
  readonly precision?: Precision;
}

/** Name of what stands in the file as its producer, and of its graph. */
const PRODUCER = 'promptweave';

/**
 * The bytes of an ONNX model (opset 18): images in, `logits` and `probabilities` [N, C] out. The metadata has `classNames` as a JSON list in
 * that order, `preprocessing` and `provenance`.
 */
export function onnxModel(
  { description, tensors }: ModelFile,
  { input = 'rgb', precision = 'float32' }: OnnxOptions = {},
): Uint8Array {
  const graph = new Graph();
  const { classNames, preprocessing, vision, head, programs, provenance } = description;
  const tensorOf = (name: string): HostTensor => tensors.get(name)!;
  const half = precision === 'float16' ? encodeFloat16 : undefined;
  const weight = (name: string, shape?: number[]): string =>
    graph.tensor(name, tensorOf(name), isOfTower(name) ? half : undefined, shape);
  const constant = (name: string): Ranked => ({ name: weight(name), rank: tensorOf(name).shape.length });
  const added = (place: string, rows: string): string | undefined => {
    const program = programs[place];
    return program && programNodes(graph, program, { rows: { name: rows, rank: 2 } }, constant);
  };

  const pixels = input === 'rgb' ? preprocessingNodes(graph, 'image', preprocessing) : 'pixel_values';
  const prompts = tensors.get('prompts.shallow') ?? tensors.get('prompts.inserted.0');
  const values = towerNodes({ graph, model: description, weight, added, prompts: prompts?.shape[0] ?? 0 }, pixels);
  if (head.kind === 'linear') {
    const seen = head.normalised ? directions(graph, values) : values.features;
    graph.op('Gemm', [seen, weight('classes.weight'), weight('classes.bias')], { transB: 1 }, 'logits');
  } else {
    const inputs = {
      features: { name: values.features, rank: 2 },
      ...(values.promptRows !== undefined && { promptRows: { name: values.promptRows, rank: 3 } }),
    };
    graph.op('Identity', [programNodes(graph, head.program, inputs, constant)], {}, 'logits');
  }
  graph.op('Softmax', ['logits'], { axis: -1 }, 'probabilities');

  const { imageSize } = vision;
  const shape = ['batch', classNames.length];
  return graph.encode(
    [
      input === 'rgb'
        ? rgbInput
        : {
            name: 'pixel_values',
            type: 'float32',
            shape: ['batch', 3, imageSize, imageSize],
            description: 'Images, prepared as the metadata says.',
          },
    ],
    [
      { name: 'logits', type: 'float32', shape, description: 'In the order of classNames.' },
      { name: 'probabilities', type: 'float32', shape, description: 'Sum to 1.' },
    ],
    {
      classNames: JSON.stringify(classNames),
      preprocessing: JSON.stringify(preprocessing),
      provenance: JSON.stringify(provenance),
    },
    PRODUCER,
  );
}

const rgbInput: Value = {
  ...{ name: 'image', type: 'uint8', shape: ['batch', 'height', 'width', 3] },
  description: 'Red, green, blue; upright, of one size.',
};

function directions(graph: Graph, { features }: TowerValues): string {
  const squares = graph.op('ReduceSum', [graph.op('Mul', [features, features]), graph.integers([-1])], { keepdims: 1 });
  return graph.op('Div', [features, graph.op('Sqrt', [squares])]);
}
