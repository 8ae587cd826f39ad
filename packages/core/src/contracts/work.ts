/** What is learned within a tower or enters it after its start. */
export interface TowerChanges {
  /** The first block whose input or weights a gradient is wanted of; nothing is kept of those below. Default 0. */
  readonly gradientFrom?: number;
  /** Whether something is learned within blocks. */
  readonly tuned?: boolean;
  /** Rows that are inserted into every sequence, from a block on. */
  readonly inserted?: {
    /** The first block that they enter, from 1. */
    readonly block: number;
    /** Rows of each sequence. */
    readonly rows: number;
  };
}

/** Rows of the prompts that one text pass encodes. */
export interface TextRows {
  /** Rows that all classes share: start token, context, template words. */
  readonly prefix: number;
  /** Rows of each class's branch, end of text included; where untrained labels are encoded too, theirs follow. */
  readonly branches: readonly number[];
  /** The first so many classes are padded to the context length. */
  readonly padded: number;
  /** Blocks that run, one after the other. */
  readonly blocks: number;
  /** Whether a loss reads hidden states, so that the last block is computed whole. */
  readonly hiddenStates: boolean;
  /** What is learned in the tower besides its input. */
  readonly changes?: TowerChanges & {
    /** The block from which on every class has context rows of its own, so that it shares the start token alone. */
    readonly ownContextFrom?: number;
  };
}

/** What one training step computes, whichever way. */
export interface StepShape {
  /** Images in the batch. */
  readonly batch: number;
  /** The rows of one text pass. */
  readonly text: TextRows;
  /** Text passes: one for each template of an ensemble, and for each image where the context depends on it. */
  readonly textPasses: number;
  /** Whether gradients flow through the text tower. */
  readonly textGradient: boolean;
  /** Vision prompt rows of each image. */
  readonly visionPrompts: number;
  /** Whether gradients flow through the vision tower. */
  readonly visionGradient: boolean;
  /** What is learned in the vision tower besides its prompts at the input. */
  readonly visionChanges?: TowerChanges;
  /** Whether the vision tower does not run: image features are known. */
  readonly featuresKnown: boolean;
  /** Whether the vision tower runs once more without anything learned. Default false. */
  readonly frozenImages?: boolean;
}

/** What a backbone can leave out without changing a number. All by default, where it computes the fast way. */
export interface Savings {
  /** No rows after the end of text. */
  readonly noPadding: boolean;
  /** The rows before the class names once instead of for every class. */
  readonly sharedPrefix: boolean;
  /** Of the last block, only the rows that are read. */
  readonly lastBlock: boolean;
  /** Frozen blocks with a backward pass of their own, which keeps less than automatic differentiation. */
  readonly frozenBlocks: boolean;
}

/** How a step could be computed otherwise, with the same numbers. What is left out is as the backbone does it. */
export interface WorkOptions {
  /** What is left out. Default: what the backbone leaves out by itself. */
  readonly savings?: Savings;
  /** Compute every block again in the backward pass. */
  readonly recompute?: boolean;
  /** Classes that are encoded together. */
  readonly classChunk?: number;
}

/** Work of one training step, forward and backward. */
export interface StepWork {
  /** Rows that pass through the text tower's linear layers, all passes and chunks together. */
  readonly textRows: number;
  /** Rows that pass through the vision tower's linear layers; 0 where features are known. */
  readonly visionRows: number;
  /** Floating point operations; a multiply-add counts 2. Matrix products alone. */
  readonly textFlops: number;
  /** Likewise of the vision tower, its pass for `frozenImages` included. */
  readonly visionFlops: number;
  /** Bytes kept for the backward pass. */
  readonly textBytes: number;
  /** Likewise of the vision tower. */
  readonly visionBytes: number;
  /** Largest number of bytes that a block needs besides while it computes. */
  readonly passingBytes: number;
  /** Parts that the classes of a text pass are computed in. */
  readonly chunks: number;
}
