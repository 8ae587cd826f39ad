/**
 * The numbers that the rows of a tower have for the branches of a tuning, the same in whatever order and company they are computed.
 * Of the text tower they are the rows' places in [prefix; branches] of the prompted text, of the vision tower image · rows + position.
 */

/** Padding, of which no number hangs on anything. */
export const PADDING_ID = -1;

/** The i-th row that was inserted into all texts. */
export function insertedId(i: number): number {
  return -2 - i;
}
