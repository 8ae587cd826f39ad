import type { RunResult } from '@promptweave/core/experiment';
import { groupBy } from './analysis/group-by.js';

/** What to say of validation images that nothing looked at: one sentence, or none. */
export function unusedValidationNote({ unusedValidation = 0 }: Pick<RunResult, 'unusedValidation'>): string[] {
  if (unusedValidation === 0) return [];
  const images = unusedValidation === 1 ? 'one validation image' : `${unusedValidation} validation images`;
  return [`Nothing used the ${images}; train.evaluateEvery=1 train.keep=best keeps what is best on them.`];
}

/**
 * What was left out because it cannot be read, and why: a sentence for each set and reason.
 * @param most images that are named in each
 */
export function skippedNotes({ skipped = {}, skipReasons = {} }: RunResult, most = Infinity): string[] {
  return Object.entries(skipped).flatMap(([set, ids]) => {
    const reasons = Object.hasOwn(skipReasons, set) ? skipReasons[set]! : {};
    const reasonOf = (id: string): string => (Object.hasOwn(reasons, id) ? reasons[id]! : 'log.txt says why.');
    return [...groupBy(ids, reasonOf)].map(([reason, own]) => {
      const images = own.length === 1 ? '1 image' : `${own.length} images`;
      const more = own.length > most ? ` and ${own.length - most} more` : '';
      const verb = own.length === 1 ? 'was' : 'were';
      return `${images} of ${set} ${verb} left out: ${own.slice(0, most).join(', ')}${more}. ${reason}`;
    });
  });
}
