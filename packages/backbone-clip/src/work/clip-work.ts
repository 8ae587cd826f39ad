import type {
  TransformerShape,
  Savings,
  StepShape,
  StepWork,
  TextRows,
  TowerChanges,
  TowerShape,
} from '@promptweave/core';
import { classRowsOf, isPooled } from '../clip-form.js';
import { blockBytes, blockFlops, type BlockRows, type Passes } from './tower-work.js';
import { textBlockRows } from './text-rows.js';

/** How the work is done; see `ClipComputation`. */
export interface ClipWorkOptions {
  readonly savings: Savings;
  readonly recompute: boolean;
  /** Classes that are encoded together; all where it is absent. */
  readonly classesPerChunk?: number;
}

/** Everything that the fast path leaves out. */
export const allSavings: Savings = { noPadding: true, sharedPrefix: true, lastBlock: true, frozenBlocks: true };

/** The dense reference. */
export const noSavings: Savings = { noPadding: false, sharedPrefix: false, lastBlock: false, frozenBlocks: false };

/**
 * Work of a training step of CLIP. Chunks of classes and `recompute` cost another forward pass.
 */
export function clipWork(shape: TransformerShape, step: StepShape, options: ClipWorkOptions): StepWork {
  const { savings, recompute } = options;
  const sequences = step.text.branches.length;
  const perChunk = Math.min(options.classesPerChunk ?? sequences, sequences);
  const chunks = Math.ceil(sequences / perChunk);
  const text = towerWork(shape.text, blocksOfText(shape, step.text, savings, perChunk), {
    ...{ savings, recompute, changes: step.text.changes, gradient: step.textGradient, chunked: chunks > 1 },
  });
  const vision = towerWork(shape.vision, blocksOfVision(shape, step, savings), {
    ...{ savings, recompute, changes: step.visionChanges, gradient: step.visionGradient, chunked: false },
  });
  const bare = { ...step, visionPrompts: 0, visionChanges: undefined };
  const frozen = towerWork(shape.vision, blocksOfVision(shape, bare, savings), {
    ...{ savings, recompute, changes: undefined, gradient: false, chunked: false },
  });
  const share = perChunk / sequences; // only one chunk's intermediates are there at a time
  return {
    textRows: step.textPasses * text.rows,
    visionRows: step.featuresKnown ? 0 : vision.rows,
    textFlops: step.textPasses * text.flops,
    visionFlops:
      (step.featuresKnown ? 0 : vision.flops + poolingFlops(shape, step, step.visionGradient)) +
      (step.frozenImages ? frozen.flops + poolingFlops(shape, bare, false) : 0),
    textBytes: step.textPasses * share * text.kept, // one pass for each image is kept, too
    visionBytes: step.featuresKnown ? 0 : vision.kept,
    passingBytes: Math.max(share * text.passing, step.featuresKnown ? 0 : vision.passing),
    chunks,
  };
}

interface TowerWorkOptions {
  readonly savings: Savings;
  readonly recompute: boolean;
  readonly changes?: TowerChanges;
  /** Whether anything is learned in the tower or before it. */
  readonly gradient: boolean;
  readonly chunked: boolean;
}

/** @param blocks rows of each block that runs */
function towerWork(
  shape: TowerShape,
  blocks: readonly BlockRows[],
  { savings, recompute, changes, gradient, chunked }: TowerWorkOptions,
) {
  // Automatic differentiation keeps all that it sees, learned or not.
  const from = savings.frozenBlocks ? (changes?.gradientFrom ?? 0) : 0;
  const again = recompute && savings.frozenBlocks;
  const total = { rows: 0, flops: 0, kept: 0, passing: 0 };
  let largest = 0; // of the blocks that are computed again, what one keeps meanwhile
  blocks.forEach((rows, i) => {
    const learns = gradient && i >= from;
    // A block of which only some rows are read keeps so little that it is never computed again for itself.
    const passes: Passes = {
      forward: (gradient && chunked) || (learns && recompute) ? 2 : 1,
      last: gradient && chunked ? 2 : 1,
      backward: learns ? 1 : 0,
    };
    const bytes = blockBytes(shape, rows, savings.frozenBlocks, changes?.tuned);
    total.flops += blockFlops(shape, rows, passes, i === blocks.length - 1);
    total.passing = Math.max(total.passing, bytes.passing);
    total.rows = Math.max(total.rows, rows.rows);
    if (!learns) return;
    total.kept += again ? bytes.input : bytes.kept;
    largest = Math.max(largest, bytes.kept);
  });
  if (again) total.kept += largest;
  return total;
}

function blocksOfText(shape: TransformerShape, text: TextRows, savings: Savings, perChunk: number): BlockRows[] {
  const { inserted, ownContextFrom = Infinity } = text.changes ?? {};
  return Array.from({ length: text.blocks }, (_, i) =>
    textBlockRows(shape, text, savings, perChunk, {
      inserted: inserted && i >= inserted.block ? inserted.rows : 0,
      ownContext: i >= ownContextFrom,
    }),
  );
}

function blocksOfVision(shape: TransformerShape, step: StepShape, { lastBlock }: Savings): BlockRows[] {
  const { imageSize, patchSize, layers } = shape.vision;
  const { inserted } = step.visionChanges ?? {};
  return Array.from({ length: layers }, (_, i) => {
    const entered = inserted && i >= inserted.block ? inserted.rows : 0;
    const length = classRowsOf(shape) + Math.floor(imageSize / patchSize) ** 2 + step.visionPrompts + entered;
    const rows = step.batch * length;
    const read = lastBlock && !isPooled(shape) ? step.batch : undefined; // a pooling head reads all rows
    return { rows, pairs: rows * length, read, readPairs: rows };
  });
}

/** A pooling head: keys and values of all rows, output projection and MLP of one for each image, and as much backward. */
function poolingFlops(shape: TransformerShape, { batch, visionPrompts }: StepShape, gradient: boolean): number {
  if (!isPooled(shape)) return 0;
  const { imageSize, patchSize, width } = shape.vision;
  const rows = classRowsOf(shape) + Math.floor(imageSize / patchSize) ** 2 + visionPrompts;
  return (gradient ? 2 : 1) * batch * width ** 2 * (4 * rows + 18);
}
