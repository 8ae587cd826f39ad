import { tileText, type TextLayout, type TextRowsPlan } from './text-layout.js';
import { wholeTexts } from './whole-texts.js';

/** Packed rows of all layouts that are known, at most. */
const MOST_ROWS = 200_000;

const known = new Map<string, TextLayout>();

/**
 * A layout that is laid out once: the steps of a training have the same, and the programs of their blocks are told apart by it. Those
 * that were not used for longest are given up; one of more rows than all may have is made each time.
 */
export function layOut(form: 'tiles' | 'whole', plan: TextRowsPlan): TextLayout {
  const key = `${form} ${JSON.stringify(plan)}`;
  const layout = known.get(key) ?? (form === 'whole' ? wholeTexts : tileText)(plan);
  known.delete(key);
  known.set(key, layout); // the last one
  let rows = [...known.values()].reduce((sum, one) => sum + one.rows.length, 0);
  for (const [oldest, { rows: ofOldest }] of known) {
    if (rows <= MOST_ROWS) break;
    known.delete(oldest);
    rows -= ofOldest.length;
  }
  return layout;
}
