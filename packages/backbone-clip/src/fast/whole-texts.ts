import { idsOf, type TextLayout, type TextRowsPlan } from './text-layout.js';

/** Every class with all of its rows, padding included: what full attention needs, for each row sees all others of its class. */
export function wholeTexts(plan: TextRowsPlan): TextLayout {
  const { contextLength, lengths } = plan;
  const rows = lengths.flatMap((_, c) =>
    Array.from({ length: contextLength }, (__, position) => ({ class: c, position })),
  );
  return {
    groups: [{ start: 0, count: lengths.length, length: contextLength }],
    rows,
    ...idsOf(plan, rows),
    position: rows.map(({ position }) => position),
    rowOf: ({ class: c, position }) => c * contextLength + position,
    read: (numbers) => ({ rows: numbers, perSequence: 1, places: numbers.map((_, c) => c) }),
  };
}
