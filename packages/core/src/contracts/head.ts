import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { LossTerm } from './loss.js';
import type { LearnedValues } from './variables.js';
import type { TrainingStep } from './step.js';

/** What a head can do; shared code asks for these and never for a head's name. */
export interface HeadProperties {
  /**
   * For classes that it was not trained on: works for them (`swap`), leaves all of them to the cosine (`cosine`), or does not work
   * (`trained only`).
   */
  readonly novelClasses: 'swap' | 'cosine' | 'trained only';
  /** Has values of single classes. Default false. */
  readonly ofClasses?: boolean;
  /** Whether the text features of the step decide about its logits. If not, no prompt, label or weight of the text tower can be learned beside it. */
  readonly readsText: boolean;
  /**
   * Begins with the text features of the classifier as it is then, see {@link Head.start}; so these may be learned in a phase of the training
   * before, where `readsText` is false too. Default false.
   */
  readonly startsFromText?: boolean;
  /** Keeps features of the training images: whatever is learned must leave image features as they are. Default false. */
  readonly needsConstantImages?: boolean;
  /** Has a text of one image at a time, too (CoCoOp). Default true. */
  readonly takesTextOfImages?: boolean;
  /** Reads {@link HeadInput.promptRows}. Default false. */
  readonly readsPromptRows?: boolean;
  /** Wants the features of the training images before training, see {@link Head.prepare}. */
  readonly prepares?: {
    /** Augmented views of each training image; 0 for the plain images. */
    readonly views: number;
    /** Share of an image's area that a crop keeps at least, in (0, 1]. Default 0.08. */
    readonly minimumCrop?: number;
    /** Wants the features of the validation images, too. Default false. */
    readonly validation?: boolean;
  };
  /** What the learning rate of its variables is multiplied by, see `train.learningRateFactors`. Default 1. */
  readonly learningRateFactor?: number;
  /** False where there is nothing to learn. Default true. */
  readonly learns?: boolean;
}

/** What a head compares. Everything is computed when it is first asked for. */
export interface HeadInput {
  /** Image features before normalisation, [B, E]. */
  readonly rawImages: Tensor2D;
  /** Normalised image features, [B, E]. */
  readonly images: Tensor2D;
  /** Text features before normalisation, of the learner's first template, [C, E]. */
  readonly rawTexts: Tensor2D;
  /** Normalised text features, [C, E]. */
  readonly texts: Tensor2D;
  /** logitScale · cosine of images and texts, [B, C]. */
  readonly cosineLogits: Tensor2D;
  /** exp(logit_scale) of the backbone. */
  readonly logitScale: number;
  /** Final states of the learner's vision prompts after the last layer norm, [B, n, V]; there if the head reads them. */
  readonly promptRows?: Tensor3D;
  /** Whether losses are to be made of the logits; in evaluations a head may give others. */
  readonly training: boolean;
}

/** Frozen features of some images, before normalisation. */
export interface LabelledFeatures {
  /** One matrix [K, E] for each view, the rows in one order. */
  readonly views: readonly Tensor2D[];
  /** Class of each row, [K], int32. */
  readonly labels: Tensor1D;
}

/** What a head is prepared with. The tensors stay the caller's. */
export interface HeadMaterial {
  /** The training images, in the views that {@link HeadProperties.prepares} asks for. */
  readonly train: LabelledFeatures;
  /** Plain validation images; there if the head's properties ask for them and there are some. */
  readonly validation?: LabelledFeatures;
  /** Normalised text features of the present values, [C, E]. */
  readonly texts: Tensor2D;
  /** exp(logit_scale) of the backbone. */
  readonly logitScale: number;
}

/** Turns image and text features into logits. */
export interface Head extends LearnedValues {
  /** Classes of the columns of the logits. */
  readonly classNames: readonly string[];
  /** [B, C], on the tape. */
  logits(input: HeadInput): Tensor2D;
  /** Its own share of the total, beside the losses. */
  terms?(step: TrainingStep): LossTerm[];
  /** Before the first step of the phase in which the head begins to take part; not where a training is resumed or loaded. */
  prepare?(material: HeadMaterial): void;
  /**
   * After {@link prepare}, at the beginning of the first phase in which the head takes part; not where a training is resumed or loaded.
   * @param texts normalised text features of that moment, [C, E]; the tensor stays the caller's
   */
  start?(texts: Tensor2D): void;
  /** After each pass over the training images. */
  endEpoch?(): void;
  /** After the last step, where {@link prepare} was called or is not needed. */
  finish?(material: HeadMaterial): void;
  /** Before saved values are given to its variables: their shapes by name, for a head whose sizes depend on the training images. */
  reshape?(shapes: Readonly<Record<string, readonly number[]>>): void;
  /**
   * The same head for other classes, sharing what was learned with this one. What it does for a name that it was not trained on is said by
   * `novelClasses`.
   */
  withClasses(classNames: readonly string[]): Head;
  /** Frees what is its own: not the backbone, and of a head that `withClasses` made, not what it shares. */
  dispose(): void;
}
