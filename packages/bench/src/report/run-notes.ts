import type { RunResult } from '@promptweave/core/experiment';

/** What to say of validation images that nothing looked at: one sentence, or none. */
export function unusedValidationNote({ unusedValidation = 0 }: Pick<RunResult, 'unusedValidation'>): string[] {
  if (unusedValidation === 0) return [];
  const images = unusedValidation === 1 ? 'one validation image' : `${unusedValidation} validation images`;
  return [`Nothing used the ${images}; train.evaluateEvery=1 train.keep=best keeps what is best on them.`];
}
