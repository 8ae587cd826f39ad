import { type Drawing, readDrawings } from './drawings.js';
import { partOfRank, type SplitPart, stylesOf } from './split.js';

/** Groups of pictures of people and of signs: their emoji differ by gender or have to be read. */
const leftOut = new Set(['people-body', 'symbols']);

/** All drawings that the pretraining never sees, in the order of the styles and of Unicode; people and signs left out. */
export function heldOutDrawings(): Drawing[] {
  return stylesOf('validation', 'downstream')
    .flatMap((style) => readDrawings(style))
    .filter((drawing) => !leftOut.has(drawing.emoji.group));
}

/**
 * Splits drawings so that the parts hold different emoji: all drawings of an emoji are in one part. Drawings of the
 * validation style that would be in `test` are dropped.
 */
export function drawingsByPart(drawings: readonly Drawing[]): Record<SplitPart, Drawing[]> {
  const ranks = new Map<string, number>();
  const seen = new Map<string, number>();
  const byUnicode = [...new Set(drawings.map((drawing) => drawing.emoji))].sort((a, b) => a.order - b.order);
  for (const emoji of byUnicode) {
    const rank = seen.get(emoji.subgroup) ?? 0;
    ranks.set(emoji.code, rank);
    seen.set(emoji.subgroup, rank + 1);
  }
  const parts: Record<SplitPart, Drawing[]> = { train: [], val: [], test: [] };
  for (const drawing of drawings) {
    const part = partOfRank(ranks.get(drawing.emoji.code) ?? 0);
    if (part !== 'test' || drawing.style.role === 'downstream') parts[part].push(drawing);
  }
  return parts;
}
