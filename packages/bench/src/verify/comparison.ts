/** How far one tensor is from the recorded one. */
export interface TensorComparison {
  readonly name: string;
  /** Largest |actual − expected|. */
  readonly maxAbsolute: number;
  /** ‖actual − expected‖₂ / ‖expected‖₂. */
  readonly relative: number;
  /** ‖expected‖₂. */
  readonly norm: number;
  readonly tolerance: string;
  readonly ok: boolean;
}

/** How far values may be off. */
export interface Tolerances {
  /** Of losses and logits where cosines are scaled by 33 or less; where by more, as much more. */
  readonly absolute: number;
  /** Of everything else, relative to its norm. */
  readonly relative: number;
  /** Of all gradients of a step together, relative to their norm, and of cosines between gradients. Without it each must be as near as everything else. */
  readonly gradients?: number;
}

/**
 * By what is multiplied. Operands of bfloat16 are off by up to 2⁻⁹ each, which gradients and steps carry on: about twice as far as the given runs are off at
 * most, for which way a number is rounded is chance. A unit of a ReLU may switch, so that there the gradients of a step are judged together.
 */
export const TOLERANCES: Readonly<Record<'float32' | 'bfloat16', Tolerances>> = {
  float32: { absolute: 1e-4, relative: 2e-4 },
  bfloat16: { absolute: 0.2, relative: 0.04, gradients: 0.15 },
};
const USUAL_SCALE = 100 / 3;
/** Tensors whose recorded norm is below this are compared absolutely: their relative error is rounding alone. */
const NEGLIGIBLE_NORM = 1e-6;

const isAbsolute = (name: string) => /(^|\/)(loss_|(\w+_)?logits)/.test(name);
const isCosine = (name: string) => name.endsWith('/gradient_cosine');

/**
 * Compares values with recorded ones; the kind of tolerance follows from the name. NaN and wrong sizes fail.
 * @param options.scale of the cosines in the logits
 */
export function compare(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { scale = USUAL_SCALE, tolerances = TOLERANCES.float32 }: { scale?: number; tolerances?: Tolerances } = {},
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
  const ofCosine = isCosine(name) ? tolerances.gradients : undefined;
  if (ofCosine !== undefined || isAbsolute(name) || norm < NEGLIGIBLE_NORM) {
    const allowed = ofCosine ?? (tolerances.absolute * Math.max(USUAL_SCALE, scale)) / USUAL_SCALE;
    const ok = maxAbsolute <= allowed;
    return { name, maxAbsolute, relative, norm, tolerance: `${Number(allowed.toPrecision(3))} absolute`, ok };
  }
  const ok = relative <= tolerances.relative;
  return { name, maxAbsolute, relative, norm, tolerance: `${tolerances.relative} relative`, ok };
}

/** A recorded tensor that could not be compared. */
export function missing(name: string): TensorComparison {
  return { name, maxAbsolute: Infinity, relative: Infinity, norm: 0, tolerance: 'not computed', ok: false };
}

/** Judges the gradients of each step together, where the tolerances say so. */
export function gradientsTogether(
  tensors: readonly TensorComparison[],
  { gradients }: Tolerances,
): readonly TensorComparison[] {
  if (gradients === undefined) return tensors;
  const stepOf = ({ name }: TensorComparison): string | undefined =>
    /^(?:float64: )?grad\d+(?:\.rows\d+)?(?=\/)/.exec(name)?.[0];
  const size = (step: string, of: (tensor: TensorComparison) => number): number =>
    Math.hypot(...tensors.map((tensor) => (stepOf(tensor) === step ? of(tensor) : 0)));
  const steps = new Set(tensors.flatMap((tensor) => stepOf(tensor) ?? []));
  const distances = new Map(
    [...steps].map((step) => {
      const difference = size(step, ({ relative, norm }) => relative * norm);
      return [step, difference / size(step, ({ norm }) => norm)];
    }),
  );
  return tensors.map((tensor) => {
    const step = stepOf(tensor);
    if (step === undefined) return tensor;
    const together = distances.get(step)!;
    const tolerance = `${gradients} relative to all of ${step}, which are off by ${together.toExponential(1)}`;
    return { ...tensor, tolerance, ok: together <= gradients };
  });
}
