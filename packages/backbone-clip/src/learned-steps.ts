import { withoutTape, type Prompts, type PromptedText, type TextRequest, type TowerTuning } from '@promptweave/core';

/** The step of the rows that enter a tower, before its first block. */
export const ENTRY = -1;

/** The first step of a text pass at which something learned may come in; what is before it has no gradient. */
export function firstLearnedStep(
  { deep, inserted, ofClasses }: PromptedText,
  { constantRows, tuning }: TextRequest,
  blocks: readonly number[],
): number {
  if (!constantRows) return ENTRY;
  return first(tuning, blocks, [deep.length > 0 ? 1 : undefined, inserted?.block, ofClasses?.block]);
}

/** The first block of the vision tower at which something learned comes in. */
export function firstLearnedBlock(
  { shallow, deep, inserted }: Prompts,
  tuning: TowerTuning | undefined,
  layers: number,
): number {
  if (inserted) return first(tuning, range(layers), [inserted.block]);
  return shallow ? ENTRY : first(tuning, range(layers), [deep.length > 0 ? 1 : undefined]);
}

/** Computes a step; off the tape where nothing learned came in yet. */
export function tapedFrom<T>(firstLearned: number, step: number, compute: () => T): T {
  return step < firstLearned ? withoutTape(compute) : compute();
}

function first(
  tuning: TowerTuning | undefined,
  blocks: readonly number[],
  others: readonly (number | undefined)[],
): number {
  if (tuning?.input ?? tuning?.lnPre) return ENTRY;
  const tuned = blocks.findIndex((index) => tuning?.blocks[index]);
  return Math.min(tuned < 0 ? blocks.length : tuned, ...others.filter((step) => step !== undefined));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
