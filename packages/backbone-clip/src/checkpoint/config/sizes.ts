import { z } from 'zod';

/** A count of pixels, tokens, values or layers. */
export const size = z.number().int().positive();

/** A side of a square: a number, or the same one twice. */
export const side = z.union([
  size,
  z.array(size).refine((sides) => sides.length === 2 && sides[0] === sides[1], { error: 'expected a square' }),
]);

/** The number that a side is. */
export function sideOf(value: number | number[] | undefined): number | undefined {
  return Array.isArray(value) ? value[0] : value;
}
