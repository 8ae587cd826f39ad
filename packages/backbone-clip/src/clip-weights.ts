import * as tf from '@tensorflow/tfjs-core';
import type { BackboneShape, HostTensor } from '@promptweave/core';

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
};

export type LinearWeights = {
  readonly weight: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
};

/** Frozen weights of a CLIP. `Block` is how the path that computes keeps its blocks. */
export interface ClipTensors<Block = BlockWeights> {
  readonly vision: {
    /** [3 · patch · patch, V]. */
    readonly patches: tf.Tensor2D;
    /** [1, V]. */
    readonly classToken: tf.Tensor2D;
    /** [1 + P, V]. */
    readonly positions: tf.Tensor2D;
    readonly lnPre: LayerNormWeights;
    readonly blocks: readonly Block[];
    readonly lnPost: LayerNormWeights;
    /** [V, E]. */
    readonly projection: tf.Tensor2D;
  };
  readonly text: {
    /** Token embeddings, one row each; `tokenRow` maps an id to its row. */
    readonly tokens: tf.Tensor2D;
    /** [context length, T]. */
    readonly positions: tf.Tensor2D;
    readonly blocks: readonly Block[];
    readonly lnFinal: LayerNormWeights;
    /** [T, E]. */
    readonly projection: tf.Tensor2D;
  };
  /** Natural logarithm of the scale of the logits. */
  readonly logScale: number;
}

/** Reads one named tensor of OpenAI's state dictionary as numbers with their shape. */
export type TensorReader = (name: string) => HostTensor;

/** Uploads OpenAI's state dictionary to the current backend. The caller disposes it with {@link disposeClipTensors}. */
export function uploadClipTensors(read: TensorReader, shape: BackboneShape, tokenTable: string): ClipTensors {
  const vector = (name: string) => tf.tensor1d(read(name).data(), 'float32');
  const matrix = (name: string) => {
    const tensor = read(name);
    const values = tensor.data();
    return tf.tensor2d(values, [tensor.shape[0]!, values.length / tensor.shape[0]!], 'float32');
  };
  const transposed = (name: string) => tf.tidy(() => tf.transpose(matrix(name)) as tf.Tensor2D);
  const layerNorm = (name: string) => ({ weight: vector(`${name}.weight`), bias: vector(`${name}.bias`) });
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
  return {
    vision: {
      patches: transposed('visual.conv1.weight'),
      classToken: tf.tidy(() => tf.reshape(vector('visual.class_embedding'), [1, shape.vision.width])),
      positions: matrix('visual.positional_embedding'),
      lnPre: layerNorm('visual.ln_pre'),
      blocks: blocks('visual.', shape.vision.layers),
      lnPost: layerNorm('visual.ln_post'),
      projection: matrix('visual.proj'),
    },
    text: {
      tokens: matrix(tokenTable),
      positions: matrix('positional_embedding'),
      blocks: blocks('', shape.text.layers),
      lnFinal: layerNorm('ln_final'),
      projection: matrix('text_projection'),
    },
    logScale: read('logit_scale').data()[0]!,
  };
}

/** Frees all weights. */
export function disposeClipTensors(tensors: ClipTensors<unknown>): void {
  tf.dispose([tensors.vision, tensors.text] as unknown as tf.TensorContainer);
}
