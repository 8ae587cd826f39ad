import * as tf from '@tensorflow/tfjs-core';
import type { BlockLayer, BlockTuning } from '@promptweave/core';
import { quickFactor, scalesOfInput, unfold, type FoldedBlock, type FoldedNorm } from '../folded-weights.js';
import { keptLike, type FrozenLinear } from '../frozen-matrix.js';

/** What is learned within a block, and the numbers of its rows. */
export interface TunedRows {
  readonly tuning: BlockTuning;
  /** [N]. */
  readonly ids: Int32Array;
}

/** One of the layers that are computed together, and the constant that its outputs are multiplied with. */
export interface LayerPart {
  readonly layer: BlockLayer;
  readonly factor: number;
}

/** The layers that the linear weights of a tuned block consist of. */
export interface TunedWeights {
  readonly input: FrozenLinear;
  readonly output: FrozenLinear;
  readonly up: FrozenLinear;
  readonly down: FrozenLinear;
  readonly inputParts: readonly LayerPart[];
  readonly upPart: LayerPart;
}

/**
 * The linear layers of a block with learned biases; without the layer norms' scale and shift where those are learned. Made anew for each
 * pass, which costs little beside it and leaves no second copy of the weights.
 */
export function tunedWeights(block: FoldedBlock, { ln1, ln2, biases = {} }: BlockTuning): TunedWeights {
  const width = block.inputProjection.weight.shape[0];
  const quick = quickFactor(block);
  const inputParts = (['q', 'k', 'v'] as const).map((layer) => ({
    layer,
    factor: layer === 'q' ? 1 / Math.sqrt(width / block.heads) : 1,
  }));
  const input = ln1
    ? withoutNorm(block.ln1, block.inputProjection, scalesOfInput(width, block.heads))
    : block.inputProjection;
  const up = ln2 ? withoutNorm(block.ln2, block.up, tf.scalar(quick)) : block.up;
  const changes = inputParts.map(({ layer, factor }, i) => {
    const learned = biases[layer];
    if (!learned) return tf.zeros<tf.Rank.R1>([width]);
    return tf.mul<tf.Tensor1D>(tf.sub(learned, tf.slice(block.ln1.linearBias, i * width, width)), factor);
  });
  const anyInput = inputParts.some(({ layer }) => biases[layer]);
  return {
    input: anyInput ? { ...input, bias: tf.add(input.bias, tf.concat(changes)) } : input,
    output: biases.o ? { ...block.outputProjection, bias: biases.o } : block.outputProjection,
    up: biases.up ? { ...up, bias: tf.add(up.bias, tf.mul(tf.sub(biases.up, block.ln2.linearBias), quick)) } : up,
    down: biases.down ? { ...block.down, bias: biases.down } : block.down,
    inputParts,
    upPart: { layer: 'up', factor: quick },
  };
}

function withoutNorm(norm: FoldedNorm, folded: FrozenLinear, factors: tf.Tensor): FrozenLinear {
  const { weight, bias } = unfold(norm, folded, factors);
  return { weight: keptLike(weight, folded.weight), bias };
}
