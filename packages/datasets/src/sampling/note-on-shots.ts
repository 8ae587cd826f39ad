import type { Dataset } from '@promptweave/core';
import { named } from '../readers/left-out.js';

/** Says which classes have fewer training images than the shots, the fewest first; undefined where none has. */
export function noteOnShots({ classNames, train }: Dataset, shots: number): string | undefined {
  const counts = classNames.map(() => 0);
  for (const { label } of train) counts[label] += 1;
  const few = classNames
    .map((name, label) => ({ name, count: counts[label] }))
    .filter(({ count }) => count < shots)
    .sort((a, b) => a.count - b.count);
  if (few.length === 0) return undefined;
  const list = named(few.map(({ name, count }) => `${name} ${count}`));
  return `${few.length} of ${classNames.length} classes have fewer training images than dataset.shots=${shots} takes: ${list}.`;
}
