/** How far one tensor is from the recorded one. */
export interface TensorComparison {
  readonly name: string;
  /** Largest |actual − expected|. */
  readonly maxAbsolute: number;
  /** ‖actual − expected‖₂ / ‖expected‖₂. */
  readonly relative: number;
  readonly tolerance: string;
  readonly ok: boolean;
}

/** Losses and logits must agree to this, absolutely, where cosines are scaled by this or less; where by more, to as much more. */
export const ABSOLUTE_TOLERANCE = 1e-4;
const USUAL_SCALE = 100 / 3;
/** Everything else must agree to this, relative to its norm. */
export const RELATIVE_TOLERANCE = 2e-4;
/** Tensors whose recorded norm is below this are compared absolutely: their relative error is rounding alone. */
const NEGLIGIBLE_NORM = 1e-6;

const isAbsolute = (name: string) => /(^|\/)(loss_|(\w+_)?logits)/.test(name);

/**
 * Compares values with recorded ones; the kind of tolerance follows from the name. NaN and wrong sizes fail.
 * @param scale of the cosines in the logits
 */
export function compare(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  scale = USUAL_SCALE,
): TensorComparison {
  let maxAbsolute = actual.length === expected.length ? 0 : Infinity;
  let difference2 = maxAbsolute;
  let expected2 = 0;
  for (let i = 0; i < expected.length && maxAbsolute < Infinity; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= maxAbsolute)) maxAbsolute = Number.isNaN(difference) ? Infinity : difference;
    difference2 += difference ** 2;
    expected2 += expected[i]! ** 2;
  }
  const norm = Math.sqrt(expected2);
  const relative = Math.sqrt(difference2) / Math.max(norm, Number.MIN_VALUE);
  if (isAbsolute(name) || norm < NEGLIGIBLE_NORM) {
    const allowed = (ABSOLUTE_TOLERANCE * Math.max(USUAL_SCALE, scale)) / USUAL_SCALE;
    const ok = maxAbsolute <= allowed;
    return { name, maxAbsolute, relative, tolerance: `${Number(allowed.toPrecision(3))} absolute`, ok };
  }
  const ok = relative <= RELATIVE_TOLERANCE;
  return { name, maxAbsolute, relative, tolerance: `${RELATIVE_TOLERANCE} relative`, ok };
}

/** A recorded tensor that could not be compared. */
export function missing(name: string): TensorComparison {
  return { name, maxAbsolute: Infinity, relative: Infinity, tolerance: 'not computed', ok: false };
}
