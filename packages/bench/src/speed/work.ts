import type { BackboneShape, TowerShape } from '@promptweave/core';

/** What one training step works on. */
export interface StepShape {
  readonly backbone: BackboneShape;
  readonly batch: number;
  /** Tokens of every class name. */
  readonly nameLengths: readonly number[];
  /** Rows that all classes share: start token, context, template words. */
  readonly prefix: number;
  /** Rows after the name: template's end and end of text. */
  readonly suffix: number;
  /** Vision prompt rows. */
  readonly visionPrompts: number;
  /** Whether the vision tower is on the way of the gradient. */
  readonly visionGradient: boolean;
  /** Whether the untrained labels are encoded, too. */
  readonly anchors: boolean;
  /** Whether a loss reads hidden states, so that the last block is computed whole. */
  readonly hiddenStates: boolean;
  /** Whether padding rows are needed. */
  readonly padding: boolean;
}

/** Work of one training step, forward and backward. */
export interface StepWork {
  /** Rows that pass through the text tower's linear layers. */
  readonly textRows: number;
  readonly visionRows: number;
  /** Floating point operations; a multiply-add counts 2. */
  readonly textFlops: number;
  readonly visionFlops: number;
  /** Bytes kept for the backward pass. */
  readonly activationBytes: number;
}

const FLOAT = 4;

/**
 * Work of the dense reference: every class over the whole context, every block whole.
 * The backward pass costs as much as the forward pass, since no weight is trained.
 */
export function plainWork(step: StepShape): StepWork {
  const { text, vision } = step.backbone;
  const sequences = step.nameLengths.length * (step.anchors ? 2 : 1);
  const textRows = sequences * text.contextLength;
  const visionRows = step.batch * visionLength(step);
  const textFlops = 2 * tower(text, textRows, textRows * text.contextLength);
  const visionFlops = passes(step) * tower(vision, visionRows, visionRows * visionLength(step));
  // Automatic differentiation keeps what each operation read and wrote: about 34 rows of a block's width.
  const activationBytes =
    FLOAT *
    (text.layers * (34 * textRows * text.width + 3 * text.heads * textRows * text.contextLength) +
      (step.visionGradient
        ? vision.layers * (34 * visionRows * vision.width + 3 * vision.heads * visionRows * visionLength(step))
        : 0));
  return { textRows, visionRows, textFlops, visionFlops, activationBytes };
}

/** Work of the fast path: the prefix once, no row after the end of text, one row of the last block per sequence. */
export function fastWork(step: StepShape): StepWork {
  const { text, vision } = step.backbone;
  const branches = step.nameLengths.map((name) =>
    step.padding ? text.contextLength - step.prefix : name + step.suffix,
  );
  if (step.anchors) branches.push(...step.nameLengths.map((name) => name + step.suffix));
  const textRows = step.prefix + branches.reduce((sum, length) => sum + length, 0);
  const pairs = step.prefix ** 2 + branches.reduce((sum, length) => sum + length * (step.prefix + length), 0);
  const visionRows = step.batch * visionLength(step);
  const lastText = step.hiddenStates ? 1 : lastBlockShare(branches.length, textRows);
  const lastVision = lastBlockShare(step.batch, visionRows);
  const textFlops = 2 * tower(text, textRows, pairs, lastText);
  const visionFlops = passes(step) * tower(vision, visionRows, visionRows * visionLength(step), lastVision);
  // Kept by a frozen block: two standardised inputs, queries, keys and values, the MLP's input, and the attention weights.
  const activationBytes =
    FLOAT *
    (text.layers * (9 * textRows * text.width + text.heads * pairs) +
      (step.visionGradient
        ? vision.layers * (9 * visionRows * vision.width + vision.heads * visionRows * visionLength(step))
        : 0));
  return { textRows, visionRows, textFlops, visionFlops, activationBytes };
}

/** Rows of one image: class token, patches and prompts. */
function visionLength({ backbone: { vision }, visionPrompts }: StepShape): number {
  return 1 + Math.floor(vision.imageSize / vision.patchSize) ** 2 + visionPrompts;
}

/** Forward alone, or forward and backward. */
function passes(step: StepShape): number {
  return step.visionGradient ? 2 : 1;
}

/** Forward pass: 24 W² a row in the linear layers of a block (4 W² of attention, 8 W² of the MLP), 4 W a pair of rows that see each other. */
function tower({ width, layers }: TowerShape, rows: number, pairs: number, lastBlock = 1): number {
  return (layers - 1 + lastBlock) * (24 * width ** 2 * rows + 4 * width * pairs);
}

/** Of the last block, keys and values (a sixth of the linear work) are needed of all rows, the rest of the read rows. */
function lastBlockShare(read: number, rows: number): number {
  return 1 / 6 + ((5 / 6) * read) / rows;
}
