import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import type { Backbone } from './backbone.js';
import type { Services } from './services.js';
import type { NamedVariables } from './variables.js';
import type { LabelEmbeddings, LearnedPrompts, TemplateTokens } from './prompts.js';

/** What every part is made from. */
export interface PartContext {
  /** Frozen, and shared with other parts, which do not dispose it. */
  readonly backbone: Backbone;
  /** Of the classes that are trained on, by label. */
  readonly classNames: readonly string[];
  /** The hand-crafted template of the data set, e.g. "a photo of a {}, a type of pet." */
  readonly template: string;
  /** Training images per class. */
  readonly shots: number;
  /** Seed of every random start value. */
  readonly seed: number;
  /** Folder that relative paths in the configuration refer to. */
  readonly folder: string;
  /**
   * Features of whole sentences as the frozen text tower sees them, before normalisation, [sentences, E]; kept on disk where the program has a
   * place for it. The caller owns the tensor.
   */
  encodeSentences(sentences: readonly string[]): Tensor2D;
  /** What the program offers besides, see `SERVICES`. */
  readonly services: Services;
}

/** What a prompt learner can do; shared code asks for these and never for a method's name. */
export interface LearnerProperties {
  /** Puts prompts into the vision tower; if not, image features can be cached. */
  readonly promptsVision: boolean;
  /** Puts learned prompts into the text tower. Default true. */
  readonly promptsText?: boolean;
  /** Has text prompts of its own for every image (CoCoOp). */
  readonly dependsOnImage: boolean;
  /** Whether a trained learner works for classes it was not trained on. */
  readonly novelClasses: 'swap' | 'trained only';
  /** False where there is nothing to learn. Default true. */
  readonly learns?: boolean;
  /** Its rows enter a tower beside the class token, and are read beside it (MMRL). Default false. */
  readonly needsClassToken?: boolean;
}

/** Learns the prompts of one or both towers. */
export interface PromptLearner {
  /** What the optimiser moves; empty where nothing is learned. No two parts of a classifier may use the same name. */
  readonly variables: NamedVariables;
  /** Tokens around the class name. The first n words before the name give way to n context vectors. */
  readonly template: TemplateTokens;
  /** Further templates: the text features are then the mean of the normalised features over all templates, normalised. */
  readonly furtherTemplates?: readonly TemplateTokens[];
  /** The text block that runs at each step, where that is not 0, 1, 2, … */
  readonly textBlocks?: readonly number[];
  /**
   * The prompts of this step, on the tape; variables may be among them. Call within `tf.tidy`.
   * @param images normalised image features [B, E]; given if and only if the learner depends on the image.
   */
  prompts(images?: Tensor2D): LearnedPrompts;
  /**
   * The same learner for other classes, where its prompts are made from their names (TCP). It shares the variables and has nothing else to
   * free.
   */
  withClasses?(classNames: readonly string[]): PromptLearner;
  /** Frees the variables and whatever else it made; not the backbone. */
  dispose(): void;
}

/** What a label aligner can do. */
export interface AlignerProperties {
  /** Has trainable class-name embeddings. */
  readonly trainsLabels: boolean;
}

/** Gives the token embeddings of the class names. */
export interface LabelAligner {
  /** What the optimiser moves; empty where nothing is learned. No two parts of a classifier may use the same name. */
  readonly variables: NamedVariables;
  /** Classes of the embeddings, in their order. */
  readonly classNames: readonly string[];
  /** The current embeddings, on the tape. The caller owns the tensors. */
  labels(): LabelEmbeddings;
  /** The untrained embeddings of the same names. The caller owns the tensors. */
  anchors(): LabelEmbeddings;
  /** Trained token embeddings and their untrained values, of one shape [.., T]; absent where nothing is trained. */
  trained?(): {
    /** On the tape; the tensor stays the aligner's. */
    readonly current: Tensor;
    /** A constant, which stays the aligner's, too. */
    readonly original: Tensor;
  };
  /** The same aligner for other classes: what was learned for a name is kept, other names are untrained. Shares no variables. */
  withClasses(classNames: readonly string[]): LabelAligner;
  /** Frees the variables and whatever else it made; not the backbone. */
  dispose(): void;
}
