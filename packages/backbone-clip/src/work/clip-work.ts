import type { BackboneShape, Savings, StepShape, StepWork } from '@promptweave/core';
import { rowsOfTiles, tileBranches } from '../fast/tiles.js';
import { blockBytes, towerFlops, type Passes, type TowerRows } from './tower-work.js';

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
export function clipWork(shape: BackboneShape, step: StepShape, options: ClipWorkOptions): StepWork {
  const { savings, recompute } = options;
  const sequences = step.text.branches.length;
  const perChunk = Math.min(options.classesPerChunk ?? sequences, sequences);
  const chunks = Math.ceil(sequences / perChunk);
  const text = textRows(shape, step, savings, perChunk);
  const vision = visionRows(shape, step, savings);
  // A block of which only some rows are read keeps so little that it is never computed again for itself.
  const passes = (gradient: boolean, chunked: boolean): Passes =>
    gradient
      ? { forward: recompute || chunked ? 2 : 1, last: chunked ? 2 : 1, backward: 1 }
      : { forward: 1, backward: 0 };
  const textBlock = blockBytes(shape.text, text, savings.frozenBlocks);
  const visionBlock = blockBytes(shape.vision, vision, savings.frozenBlocks);
  const kept = (block: { kept: number; input: number; passing: number }, blocks: number): number =>
    recompute && savings.frozenBlocks ? blocks * block.input + block.kept : blocks * block.kept;
  const share = perChunk / sequences; // only one chunk's intermediates are there at a time
  const passing = Math.max(share * textBlock.passing, step.featuresKnown ? 0 : visionBlock.passing);
  return {
    textRows: step.textPasses * text.rows,
    visionRows: step.featuresKnown ? 0 : vision.rows,
    textFlops: step.textPasses * towerFlops(shape.text, text, step.text.blocks, passes(step.textGradient, chunks > 1)),
    visionFlops: step.featuresKnown
      ? 0
      : towerFlops(shape.vision, vision, shape.vision.layers, passes(step.visionGradient, false)),
    textBytes: step.textGradient
      ? step.textPasses * share * kept(textBlock, step.text.blocks) // one pass for each image is kept, too
      : 0,
    visionBytes: step.visionGradient && !step.featuresKnown ? kept(visionBlock, shape.vision.layers) : 0,
    passingBytes: passing,
    chunks,
  };
}

function textRows(
  { text: { contextLength } }: BackboneShape,
  { text: { prefix, branches, padded, hiddenStates } }: StepShape,
  { noPadding, sharedPrefix, lastBlock }: Savings,
  perChunk: number,
): TowerRows {
  const lengths = branches.map((length, c) => (noPadding && c >= padded ? length : contextLength - prefix));
  const read = lastBlock && !hiddenStates ? branches.length : undefined;
  if (!sharedPrefix) {
    const whole = lengths.map((length) => prefix + length);
    return { rows: sum(whole), pairs: sum(whole.map((length) => length ** 2)), read };
  }
  const chunks = Array.from({ length: Math.ceil(lengths.length / perChunk) }, (_, i) =>
    tileBranches(lengths.slice(i * perChunk, (i + 1) * perChunk)),
  );
  return {
    rows: sum(chunks.map((tiling) => prefix + rowsOfTiles(tiling))),
    pairs: sum(chunks.map((tiling) => prefix ** 2 + rowsOfTiles(tiling) * (prefix + tiling.length))),
    read,
    readPairs: sum(chunks.map(({ length, tiles }) => tiles.length * mostClasses(tiles) * (prefix + length))),
  };
}

function mostClasses(tiles: readonly (readonly number[])[]): number {
  return Math.max(...tiles.map((classes) => classes.length));
}

function visionRows(shape: BackboneShape, step: StepShape, { lastBlock }: Savings): TowerRows {
  const { imageSize, patchSize } = shape.vision;
  const length = 1 + Math.floor(imageSize / patchSize) ** 2 + step.visionPrompts;
  const rows = step.batch * length;
  return { rows, pairs: rows * length, read: lastBlock ? step.batch : undefined, readPairs: rows };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
