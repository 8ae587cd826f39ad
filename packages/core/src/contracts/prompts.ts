import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/**
 * Learned rows that enter a tower at a block after the first: at its input they are inserted after the first token (start or class token),
 * without positions, and later ones take their place (MMRL).
 */
export interface InsertedRows {
  /** The block, from 1. */
  readonly block: number;
  /** `rows[i]` stand at the input of block `block + i`, [n, width]. */
  readonly rows: readonly Tensor2D[];
}

/** Learned vectors for the vision tower. A prompt depth of J has 1 shallow and J − 1 deep prompts. */
export interface Prompts {
  /** Enter before block 0, after the patches, [n, width]. */
  readonly shallow?: Tensor2D;
  /** `deep[i - 1]` replaces the prompt rows at the input of block i, [n, width]. */
  readonly deep: readonly Tensor2D[];
  /** Instead of the others. */
  readonly inserted?: InsertedRows;
}

/** Learned context of the text prompt. */
export interface TextContext {
  /** [n, T] for `shared`, [C, n, T] for `class`, [B, n, T] for `image`. */
  readonly vectors: Tensor2D | Tensor3D;
  /** Who has context of its own: nobody, every class (CoOp's CSC), every image (CoCoOp). */
  readonly scope: 'shared' | 'class' | 'image';
  /** Where the class name stands: after the context, in its middle, or before it. */
  readonly namePosition: 'end' | 'middle' | 'front';
  /** `deep[i - 1]` replaces the context rows at the input of text block i, [n, T]. Only for shared context at the end. */
  readonly deep: readonly Tensor2D[];
  /** Context of each class from a block on (TCP). Only for shared context at the end, beside no `deep` of that block or a later one. */
  readonly ofClasses?: ClassRows;
}

/** Rows of each class that replace the n context rows at the input of a text block. */
export interface ClassRows {
  /** The block, from 1. */
  readonly block: number;
  /** [C, n, T]. */
  readonly rows: Tensor3D;
}

/** What a prompt learner gives for one step. */
export interface LearnedPrompts {
  /** Learned context; absent where every word of the prompt is hand-crafted. */
  readonly text?: TextContext;
  /** Rows that enter the text tower at a later block. */
  readonly insertedText?: InsertedRows;
  /** Rows that enter the vision tower; absent where it is not prompted. */
  readonly vision?: Prompts;
}

/** Token ids around the class name of a hand-crafted template such as "a photo of a {}.". */
export interface TemplateTokens {
  /** Ids before the name, without the start token. */
  readonly before: readonly number[];
  /** Ids after the name, without the end of text: those of the full stop, as a rule. */
  readonly after: readonly number[];
}

/** Embeddings of the class names. */
export interface LabelEmbeddings {
  /** Token embeddings of all names, class after class, [Σ lengths, T]. */
  readonly names: Tensor2D;
  /** Number of tokens of each class's name. */
  readonly lengths: readonly number[];
  /**
   * Replaces the m rows after position n of the first K ≤ C classes, [K, m, T], n being the context length (LAMM as
   * released on MaPLe).
   */
  readonly afterContext?: Tensor3D;
}

/** Positions of the parts of one class's prompt; 0 is the start token, where there is one. */
export interface TokenRoles {
  /** Positions of the tokens of the class name. */
  readonly name: readonly number[];
  /** The template's last token before the end of text (a full stop), if it has one. */
  readonly stop?: number;
  /** The row whose final state is the text feature: the end of text, or the last row of the context where a tower reads that. */
  readonly end: number;
}

/**
 * Prompts of C classes, ready for the text tower: one shared prefix and one ragged branch of rows per class. Where the mask is
 * causal, the prefix can be computed once and rows after the end of text need not exist; with full attention the backbone puts the
 * prefix before every branch and padding after it.
 */
export interface PromptedText {
  /** Rows that all classes share, the start token first where there is one, [P, T], without positions. P may be 0 without it. */
  readonly prefix: Tensor2D;
  /** Rows of the classes, class after class, each ending with the end of text, [Σ lengths, T], without positions. */
  readonly branches: Tensor2D;
  /** Rows of each class's branch. */
  readonly lengths: readonly number[];
  /** `deep[i - 1]` replaces the n rows after the start token, or the first n where there is none, at the input of step i, [n, T]. */
  readonly deep: readonly Tensor2D[];
  /** Replace the same rows, from a block on. */
  readonly ofClasses?: ClassRows;
  /** Rows that enter every sequence after its start token, from a later block on. */
  readonly inserted?: InsertedRows;
  /** One for each class. */
  readonly roles: readonly TokenRoles[];
}
