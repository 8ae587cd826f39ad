import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { NamedVariables } from './variables.js';

/**
 * A learned function of rows that is added to what a frozen layer gives. A backbone may call it outside of the tape and again for its
 * gradients, so it gives the same values for the same arguments.
 */
export interface Branch {
  /** The learned tensors that `apply` is given. */
  readonly variables: readonly Tensor[];
  /**
   * @param x what the frozen layer sees, [N, in]; each row is treated by itself
   * @param variables those of the branch
   * @param rows a number for each row that is the same in whatever order they come; random numbers may hang on it
   * @returns [N, out]
   */
  apply(x: Tensor2D, variables: readonly Tensor[], rows: Int32Array): Tensor2D;
  /** Says that `apply` is such a function, so that a backbone may compute it together with the layer. */
  readonly lowRank?: LowRank;
}

/** y = scale · dropout(x) Aᵀ Bᵀ; the branch's variables are A [r, in] and B [out, r]. */
export interface LowRank {
  /** α / r of LoRA, or another factor. */
  readonly scale: number;
  /** Arguments of the function `dropout`; absent where nothing is dropped. */
  readonly dropout?: {
    /** Share of values that are dropped, in [0, 1). */
    readonly rate: number;
    /** Seed of this step and branch. */
    readonly key: number;
  };
  /** Whether the gradient of y reaches x. */
  readonly inputGradient: boolean;
}

/** Values that take the place of a layer norm's frozen ones, [width] each. */
export interface AffineTuning {
  /** Factor of the standardised row. Default: the frozen one. */
  readonly weight?: Tensor1D;
  /** Added to that. Default: the frozen one. */
  readonly bias?: Tensor1D;
}

/** The linear layers of a block: queries, keys, values, output of the attention, and the two of the MLP. */
export type BlockLayer = 'q' | 'k' | 'v' | 'o' | 'up' | 'down';

/** What is learned within one block, x ↦ x' = x + attention(ln_1 x), x' + mlp(ln_2 x'). */
export interface BlockTuning {
  /** Added to the output of a layer. Queries, keys and values see ln_1 x, `up` sees ln_2 x'. */
  readonly branches?: Readonly<Partial<Record<BlockLayer, Branch>>>;
  /** Sees ln_1 x and is added to the block's output. */
  readonly adapter?: Branch;
  /** The layer norm before the attention. */
  readonly ln1?: AffineTuning;
  /** The layer norm before the MLP. */
  readonly ln2?: AffineTuning;
  /** Biases that take the place of the frozen ones, [out] each. */
  readonly biases?: Readonly<Partial<Record<BlockLayer, Tensor1D>>>;
}

/** What is learned within one tower. */
export interface TowerTuning {
  /** By number of the block, from 0. */
  readonly blocks: Readonly<Record<number, BlockTuning>>;
  /** Sees the rows before the first block and is added to them: token embeddings without positions, or patches after `ln_pre`. */
  readonly input?: Branch;
  /** The layer norm before the first block (vision). */
  readonly lnPre?: AffineTuning;
  /** The layer norm after the last block. */
  readonly lnPost?: AffineTuning;
}

/** What is learned within both towers, on the tape. */
export interface TowerTunings {
  /** Absent where nothing is learned in the text tower. */
  readonly text?: TowerTuning;
  /** Absent where nothing is learned in the vision tower. */
  readonly vision?: TowerTuning;
}

/** What a tuning can do. */
export interface TuningProperties {
  /** Changes the vision tower; if not, image features can be cached. */
  readonly tunesVision: boolean;
  /** Changes the text tower. */
  readonly tunesText: boolean;
}

/**
 * Changes the effect of a backbone's frozen weights by learned values. Whatever is called frozen (anchors, references, the teachers of
 * losses, image features in a store) is computed without it.
 */
export interface Tuning {
  /** What the optimiser moves. No two parts of a classifier may use the same name. */
  readonly variables: NamedVariables;
  /**
   * What is learned, on the tape. Call within `tf.tidy`.
   * @param seed of this step's random numbers (dropout); absent where nothing is random, as in evaluations
   */
  towers(seed?: number): TowerTunings;
  /** Frees the variables and whatever else it made; not the backbone. */
  dispose(): void;
}

/** A layer norm of a backbone: before the first block, after the last one, or the first or second one of a block. */
export type NormPlace =
  | 'pre'
  | 'post'
  | {
      /** From 0. */
      readonly block: number;
      /** Before the attention, or before the MLP. */
      readonly norm: 1 | 2;
    };

/** Frozen values that what is learned may start from; the caller owns the tensors. */
export interface TunableWeights {
  /**
   * Weight and bias of a layer norm, [width] each.
   * @throws ConfigError where the tower has no such block or layer norm
   */
  layerNorm(
    tower: 'text' | 'vision',
    place: NormPlace,
  ): {
    /** Factor of the standardised row. */
    readonly weight: Tensor1D;
    /** Added to that. */
    readonly bias: Tensor1D;
  };
  /** Whether the vision tower has a layer norm before its first block. Default true. */
  readonly lnPre?: boolean;
  /**
   * Bias of a linear layer of a block, [out].
   * @throws ConfigError where the tower has no such block
   */
  bias(tower: 'text' | 'vision', block: number, layer: BlockLayer): Tensor1D;
  /** Of a tower's final rows into the space in which images and texts are compared, y = x · W, [width, E]. */
  projection(tower: 'text' | 'vision'): Tensor2D;
}
