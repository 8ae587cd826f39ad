import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import type { StateDict } from '../safetensors/host-tensor.js';
import type { Preprocessing } from './preprocessing.js';
import type { Prompts, PromptedText } from './prompts.js';
import type { Tokenizer } from './tokenizer.js';
import type { TowerTuning, TunableWeights } from './tuning.js';
import type { StepShape, StepWork, WorkOptions } from './work.js';

/** Sizes of one transformer tower. */
export interface TowerShape {
  /** Width of the residual stream. */
  readonly width: number;
  /** Number of blocks. */
  readonly layers: number;
  /** Attention heads of each block. */
  readonly heads: number;
}

/** Sizes of a vision tower, of whichever kind. */
export interface VisionShape {
  /** Width of the rows that prompts stand beside; of a tower without rows, of what its feature is made of. */
  readonly width: number;
  /** Number of blocks that prompts may enter; 0 for a tower that takes none, a convolutional one for example. */
  readonly layers: number;
  /** Pixels a side. */
  readonly imageSize: number;
  /** Attention heads of each block, of a transformer. */
  readonly heads?: number;
  /** Pixels a side of what becomes a row, of a transformer. */
  readonly patchSize?: number;
  /** Whether a class token stands before the patches. Default true. */
  readonly classToken?: boolean;
  /** Where the feature of an image comes from: the row of the class token, or attention over the rows. Default `class`. */
  readonly pooling?: 'class' | 'attention';
}

/** Sizes of a CLIP-like model. */
export interface BackboneShape {
  /** Of the tower of images; V in the comments on shapes is its `width`. */
  readonly vision: VisionShape;
  /** Of the tower of texts; T in the comments on shapes is its `width`. */
  readonly text: TowerShape & {
    /** Rows that a text may have, start and end of text included; 77 of OpenAI's CLIP. */
    readonly contextLength: number;
    /**
     * What a row sees: itself and those before it, or all. With `full` padding is part of the text: every class has rows up to the context
     * length, and no row is the same for two classes. Default `causal`.
     */
    readonly attention?: 'causal' | 'full';
    /** The row that the feature of a text comes from: its end of text, or the last one of the context. Default `end`. */
    readonly reads?: 'end' | 'last';
  };
  /** Width of the space in which images and texts are compared. */
  readonly embedding: number;
}

/** Sizes of a model of two transformers. */
export interface TransformerShape extends BackboneShape {
  /** A tower of blocks over rows of patches. */
  readonly vision: VisionShape &
    TowerShape & {
      /** Pixels a side of what becomes a row. */
      readonly patchSize: number;
    };
}

/** What a text pass is asked for besides its features. */
export interface TextRequest {
  /** The block that runs at each step; by default 0, 1, …, layers − 1. COMMA's released code repeats one. */
  readonly blocks?: readonly number[];
  /** Keep the outputs of this many last steps for {@link TextEncoding.rows}. Default 0. */
  readonly keepLast?: number;
  /** The first so many classes also get the padding rows after the end of text. Default 0. */
  readonly paddedClasses?: number;
  /** Nobody takes a gradient of prefix and branches, so that nothing is kept of the blocks below what is learned. Default false. */
  readonly constantRows?: boolean;
  /** What is learned within the tower. */
  readonly tuning?: TowerTuning;
}

/** What an image pass is asked for besides its features. */
export interface ImageRequest {
  /** What is learned within the tower. */
  readonly tuning?: TowerTuning;
  /** Receives the embedded patches with positions, the rows after `ln_pre` and after each block, [B, rows, width] each. */
  readonly trace?: Tensor3D[];
  /** Receives the final states of the prompts, inserted ones too, after the last layer norm, [B, n, width]. */
  readonly promptRows?: Tensor3D[];
}

/** One position of one class's token sequence. */
export interface TokenPosition {
  /** Index of the class, from 0. */
  readonly class: number;
  /** 0 is the start token, where there is one. */
  readonly position: number;
}

/** Outcome of a text pass over C classes. */
export interface TextEncoding {
  /** Text features before normalisation, [C, embedding]. */
  readonly features: Tensor2D;
  /** Number of steps whose outputs were kept. */
  readonly kept: number;
  /** Raw output of the kept step `step` (0 is the first kept) at K positions, [K, width], before the final layer norm. */
  rows(step: number, positions: readonly TokenPosition[]): Tensor2D;
}

/** All that decides about a backbone's numbers, machine and way of computing apart. JSON. */
export interface BackboneIdentity {
  /** SHA-256 of the weights. */
  readonly digest: string;
  /** How images are brought to the vision tower. Whoever prepares images for this backbone uses this value and no other. */
  readonly preprocessing: Preprocessing;
  /** What stands beside the weights and changes the numbers, e.g. `{ activation: 'gelu' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A vision transformer of CLIP as OpenAI published it. */
export interface PublishedVision {
  /** Non-linearity of the MLPs: x · σ(1.702 x), as in OpenAI's own weights, or x · Φ(x). */
  readonly activation: 'quick-gelu' | 'gelu';
  /** OpenAI's names, shapes and layouts, `visual.…`. The values are fetched when they are asked for. */
  readonly tensors: StateDict;
}

/**
 * A frozen CLIP-like model. It never knows which method calls it. Gradients flow through it to prompts and label
 * embeddings, never to its own weights. The caller owns every tensor that a method returns.
 */
export interface Backbone extends BackboneIdentity {
  /** What messages call it: its checkpoint, for example. */
  readonly name: string;
  /** Sizes of both towers: T is `text.width`, V is `vision.width` and E is `embedding` in the comments on shapes. */
  readonly shape: BackboneShape;
  /** Makes the ids that `embedTokens` takes. */
  readonly tokenizer: Tokenizer;
  /**
   * Images that pass through the vision tower together where no gradient is taken, padded to this number: what is worth it in
   * time. The features of an image do not depend on the others either way. Default 1.
   */
  readonly imagesPerBlock?: number;
  /** exp(logit_scale): logits = logitScale · cosine. */
  readonly logitScale: number;
  /** What is added to the logits of a pair; the same for all, so that only a loss of single pairs sees it. Absent where there is none. */
  readonly logitBias?: number;
  /** What was chosen, assumed or left aside when it was loaded, a sentence each; every run tells them. */
  readonly notes?: readonly string[];
  /** What it multiplies its weights with, see `SourceContext.precision`. Absent from one that knows float32 alone. */
  readonly precision?: 'float32' | 'bfloat16';
  /** Token embeddings without positions, [ids.length, text width]. */
  embedTokens(ids: readonly number[]): Tensor2D;
  /**
   * Features of the prompts of C classes, and hidden states where they are asked for.
   * @throws ConfigError where something is to enter, or to be learned at, a block that the tower does not have
   */
  encodeText(text: PromptedText, request?: TextRequest): TextEncoding;
  /**
   * Image features before normalisation, [B, E], of normalised images [B, 3, size, size].
   * @throws ConfigError likewise
   */
  encodeImages(images: Tensor4D, prompts?: Prompts, request?: ImageRequest): Tensor2D;
  /** Frozen values that a part may start from. Absent where the towers cannot be tuned. */
  readonly tunable?: TunableWeights;
  /** The frozen vision tower for files that leave promptweave. Absent where it is none of CLIP's vision transformers. */
  publishedVision?(): PublishedVision;
  /** Work and memory of a training step as this backbone computes it, or otherwise. Absent where it is not known. */
  work?(step: StepShape, options?: WorkOptions): StepWork;
  /** Frees the weights. Whoever made the backbone calls it; a part never does. */
  dispose(): void;
}
