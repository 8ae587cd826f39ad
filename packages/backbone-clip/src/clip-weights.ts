import * as tf from '@tensorflow/tfjs-core';
import type { TransformerShape, HostTensor } from '@promptweave/core';
import { CLIP_FORM, classRowsOf, isPooled, type ClipForm } from './clip-form.js';
import { tokenTable, type TokenTable } from './token-table.js';

/** Frozen weights of one transformer block. Linear weights are [in, out]: y = x · W + b. */
export interface BlockWeights {
  readonly ln1: LayerNormWeights;
  /** Queries, keys and values side by side, [W, 3W]. */
  readonly inputProjection: LinearWeights;
  readonly outputProjection: LinearWeights;
  readonly ln2: LayerNormWeights;
  /** [W, 4W] as a rule. */
  readonly up: LinearWeights;
  readonly down: LinearWeights;
}

export type LayerNormWeights = {
  readonly weight: tf.Tensor1D;
  readonly bias: tf.Tensor1D;
  /** Added to the variance. */
  readonly epsilon: number;
};

export type LinearWeights = {
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
};

/** Frozen weights of the head that pools the rows of an image; see `attention-pool.ts`. */
export interface PoolingWeights {
  /** [1, V]. */
  readonly probe: tf.Tensor2D;
  /** Queries, keys and values side by side, [V, 3V]. */
  readonly inputProjection: LinearWeights;
  readonly outputProjection: LinearWeights;
  readonly ln: LayerNormWeights;
  readonly up: LinearWeights;
  readonly down: LinearWeights;
  readonly heads: number;
}

/** Frozen weights of a CLIP. `Block` is how the path that computes keeps its blocks. */
export interface ClipTensors<Block = BlockWeights> {
  readonly vision: {
    /** [3 · patch · patch, V]. */
    readonly patches: tf.Tensor2D;
    /** [V]. */
    readonly patchBias?: tf.Tensor1D;
    /** [1, V]. */
    readonly classToken?: tf.Tensor2D;
    /** [1 + P, V]; [P, V] without a class token. */
    readonly positions: tf.Tensor2D;
    readonly lnPre?: LayerNormWeights;
    readonly blocks: readonly Block[];
    readonly lnPost: LayerNormWeights;
    readonly pooling?: PoolingWeights;
    /** [V, E]. */
    readonly projection?: tf.Tensor2D;
  };
  readonly text: {
    /** One row each; `tokenRow` maps an id to its row. */
    readonly tokens: TokenTable;
    /** [context length, T]. */
    readonly positions: tf.Tensor2D;
    readonly blocks: readonly Block[];
    readonly lnFinal: LayerNormWeights;
    /** [T, E]. */
    readonly projection: tf.Tensor2D;
    /** [E]. */
    readonly projectionBias?: tf.Tensor1D;
  };
  /** Natural logarithm of the scale of the logits. */
  readonly logScale: number;
  readonly logitBias?: number;
}

/** Reads one named tensor of OpenAI's state dictionary as numbers with their shape. */
export type TensorReader = (name: string) => HostTensor;

/**
 * Uploads OpenAI's state dictionary to the current backend. The caller disposes it with {@link disposeClipTensors}.
 *
 * @param tokens name of the table of token embeddings
 * @param form what there is besides, by the names that `key-names.ts` gives
 */
export function uploadClipTensors(
  read: TensorReader,
  shape: TransformerShape,
  tokens: string,
  form: ClipForm = CLIP_FORM,
): ClipTensors {
  const vector = (name: string) => tf.tensor1d(read(name).data(), 'float32');
  const matrix = (name: string) => {
    const tensor = read(name);
    const values = tensor.data();
    return tf.tensor2d(values, [tensor.shape[0]!, values.length / tensor.shape[0]!], 'float32');
  };
  const transposed = (name: string) => tf.tidy(() => tf.transpose(matrix(name)) as tf.Tensor2D);
  const layerNorm = (name: string) => ({
    ...{ weight: vector(`${name}.weight`), bias: vector(`${name}.bias`), epsilon: form.epsilon },
  });
  const linear = (name: string, separator = '.') => ({
    weight: transposed(`${name}${separator}weight`),
    bias: vector(`${name}${separator}bias`),
  });
  const blocks = (prefix: string, count: number): BlockWeights[] =>
    Array.from({ length: count }, (_, i) => {
      const block = `${prefix}transformer.resblocks.${i}`;
      return {
        ln1: layerNorm(`${block}.ln_1`),
        inputProjection: linear(`${block}.attn.in_proj`, '_'),
        outputProjection: linear(`${block}.attn.out_proj`),
        ln2: layerNorm(`${block}.ln_2`),
        up: linear(`${block}.mlp.c_fc`),
        down: linear(`${block}.mlp.c_proj`),
      };
    });
  const row = (name: string) => tf.tidy(() => tf.reshape(vector(name), [1, shape.vision.width]) as tf.Tensor2D);
  const pooling = (name: string): PoolingWeights => ({
    probe: row(`${name}.probe`),
    inputProjection: linear(`${name}.attn.in_proj`, '_'),
    outputProjection: linear(`${name}.attn.out_proj`),
    ln: layerNorm(`${name}.layernorm`),
    up: linear(`${name}.mlp.c_fc`),
    down: linear(`${name}.mlp.c_proj`),
    heads: form.poolingHeads ?? shape.vision.heads,
  });
  return {
    vision: {
      patches: transposed('visual.conv1.weight'),
      ...(form.patchBias && { patchBias: vector('visual.conv1.bias') }),
      ...(classRowsOf(shape) > 0 && { classToken: row('visual.class_embedding') }),
      positions: matrix('visual.positional_embedding'),
      ...(form.lnPre && { lnPre: layerNorm('visual.ln_pre') }),
      blocks: blocks('visual.', shape.vision.layers),
      lnPost: layerNorm('visual.ln_post'),
      ...(isPooled(shape) && { pooling: pooling('visual.attn_pool') }),
      ...(form.visionProjection && { projection: matrix('visual.proj') }),
    },
    text: {
      tokens: tokenTable(read(tokens)),
      positions: matrix('positional_embedding'),
      blocks: blocks('', shape.text.layers),
      lnFinal: layerNorm('ln_final'),
      projection: matrix('text_projection'),
      ...(form.textBias && { projectionBias: vector('text_projection.bias') }),
    },
    logScale: read('logit_scale').data()[0]!,
    ...(form.logitBias && { logitBias: read('logit_bias').data()[0]! }),
  };
}

/** Frees all weights. */
export function disposeClipTensors(tensors: ClipTensors<unknown>): void {
  tf.dispose([tensors.vision, tensors.text] as unknown as tf.TensorContainer);
}
