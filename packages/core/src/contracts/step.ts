import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Backbone, TextEncoding, TextRequest } from './backbone.js';
import type { LabelAligner, PromptLearner } from './parts.js';
import type { LearnedValues } from './variables.js';
import type { LearnedPrompts, PromptedText } from './prompts.js';

/** One batch: images, or their frozen features where the vision tower takes no prompts. */
export interface Batch {
  /** Normalised images, [B, 3, size, size]. */
  readonly images?: Tensor4D;
  /** Image features of the unprompted tower before normalisation, [B, E]. */
  readonly features?: Tensor2D;
  /** The same features beside `images`, where they are known. */
  readonly frozenFeatures?: Tensor2D;
  /** Class indices, [B], int32. */
  readonly labels: Tensor1D;
}

/**
 * The text side of a step: one for all images, or one for each image where the context depends on it. With a template
 * ensemble, the features are those of the ensemble, `text` and `encoding` those of its first template.
 */
export interface TextPass {
  /** The prompts as they enter the tower. */
  readonly text: PromptedText;
  /** Their features, and the hidden states that {@link LossNeeds} asks for. */
  readonly encoding: TextEncoding;
  /** Text features before normalisation, of the learner's first template, [C, E]. */
  readonly raw: Tensor2D;
  /** Normalised text features, [C, E]. */
  readonly features: Tensor2D;
  /** Normalised features of the untrained labels under the same prompts, [C, E]; there if a loss needs them. */
  readonly anchors?: Tensor2D;
}

/** What a loss wants from the text pass. Nothing else is computed. */
export interface LossNeeds {
  /** Outputs of this many last text steps. */
  readonly lateBlocks?: number;
  /** Those outputs at padding positions, too. */
  readonly padding?: boolean;
  /** Features of the untrained labels under the same prompts. */
  readonly anchors?: boolean;
  /** Image features of the frozen vision tower, where the learned one gives others. */
  readonly frozenImages?: boolean;
}

/** Text as somebody wrote it, encoded by the frozen text tower. */
export interface Reference {
  /** The hand-crafted prompts as they enter the tower. */
  readonly text: PromptedText;
  /** Their features, and the hidden states that the request asks for; constants. */
  readonly encoding: TextEncoding;
}

/**
 * One forward pass over a batch, as losses see it. Everything is computed when it is first asked for, and once. It lives within one
 * `tf.tidy`: what is to stay longer must be kept (`keepCopy`).
 */
export interface TrainingStep {
  /** Class indices of the images, [B], int32. */
  readonly labels: Tensor1D;
  /** Number of images B. */
  readonly batchSize: number;
  /** Number of classes C. */
  readonly classes: number;
  /** Normalised image features, [B, E]. */
  readonly imageFeatures: Tensor2D;
  /** Image features before normalisation, [B, E]. */
  readonly rawImageFeatures: Tensor2D;
  /**
   * Features of the same images by the vision tower in which nothing is learned, before normalisation, [B, E]; a constant. Those of
   * `rawImageFeatures` where nothing is learned there.
   */
  readonly frozenImageFeatures: Tensor2D;
  /** What the learner gives for this step. */
  readonly prompts: LearnedPrompts;
  /** The text passes: one, or one for each image. */
  readonly texts: readonly TextPass[];
  /** What the head makes of images and learned prompts, for losses, [B, C]. */
  readonly logits: Tensor2D;
  /** logitScale · cosine of images and learned prompts, [B, C]: the logits of the default head. */
  readonly cosineLogits: Tensor2D;
  /** The head's logits as in an evaluation, [B, C]. */
  readonly answers: Tensor2D;
  /** Final states of the vision prompts after the last layer norm, [B, n, V]; there if the head reads them. */
  readonly promptRows?: Tensor3D;
  /** The cosine logits of the untrained labels, [B, C]; for losses that need `anchors`. */
  readonly anchorLogits: Tensor2D;
  /** The parts at work. */
  readonly parts: {
    /** Frozen; for `logitScale`, sizes and tokenizer. */
    readonly backbone: Backbone;
    /** Gives the prompts. */
    readonly learner: PromptLearner;
    /** Gives the embeddings of the class names. */
    readonly aligner: LabelAligner;
    /** The head; of what it learned. */
    readonly head: LearnedValues;
    /** What the losses need together. */
    readonly needs: LossNeeds;
  };
  /** Features of every image's own class: learned (or anchor) text features, [B, E]. */
  ofLabels(features: (pass: TextPass) => Tensor2D): Tensor2D;
  /** Hand-crafted prompts of the classes, untrained, as the frozen text tower sees them; kept on disk where the program has a place for it. */
  reference(template: string, request?: TextRequest): Reference;
  /**
   * Outputs of the last text steps at the end of whole sentences, as the frozen text tower sees them, before the final layer norm: one
   * [sentences, T] for each of `keepLast` steps; kept on disk likewise.
   */
  sentenceStates(sentences: readonly string[], request: Pick<TextRequest, 'blocks' | 'keepLast'>): Tensor2D[];
}

/** Value of one loss term in one step, and its weight in the total. */
export interface LossValue {
  /** Before the weight. */
  readonly value: number;
  /** That of the loss in the configuration times the term's own; of a head's term, its own. */
  readonly weight: number;
}

/** Outcome of the forward and backward pass of one step. */
export interface StepOutcome {
  /** Of the terms that are not aside. */
  readonly total: number;
  /** By name; a second term of a name, of another loss, is name-2. */
  readonly terms: Readonly<Record<string, LossValue>>;
  /** Gradients of the total by variable name; variables that got none are absent. The caller owns the tensors. */
  readonly gradients: Readonly<Record<string, Tensor>>;
  /** Those of the terms that the gradient rule puts aside, likewise. */
  readonly aside: Readonly<Record<string, Tensor>>;
  /** Images whose own class had the largest logit. */
  readonly correct: number;
}
