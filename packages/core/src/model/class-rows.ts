import * as tf from '@tensorflow/tfjs-core';

/**
 * Where classes are found among others by their names: an index into `among` for each of `classNames`, −1 where there is none. Of classes that
 * share a name, the first is found as the first, the second as the second.
 */
export function classRows(classNames: readonly string[], among: readonly string[]): number[] {
  const places = new Map<string, number[]>();
  among.forEach((name, index) => places.set(name, [...(places.get(name) ?? []), index]));
  const seen = new Map<string, number>();
  return classNames.map((name) => {
    const found = places.get(name);
    if (!found) return -1;
    const time = seen.get(name) ?? 0;
    seen.set(name, time + 1);
    return found[Math.min(time, found.length - 1)]!;
  });
}

/** A learned value for each class (a row, or a number), as the classes see it that it was learned for, or others. */
export class LearnedRows<T extends tf.Tensor> {
  /**
   * @param learned one row for each of `trained`
   * @param rows of the classes at hand, −1 for classes that it was not learned for; absent for `trained` itself
   */
  constructor(
    readonly learned: tf.Variable & T,
    private readonly trained: readonly string[],
    private readonly rows?: readonly number[],
  ) {}

  /** The rows of the classes at hand, on the tape; zeros for those that it was not learned for. */
  get(): T {
    const { learned, rows } = this;
    if (!rows) return learned;
    const [count, ...width] = learned.shape;
    const known: tf.Tensor = rows.includes(-1) ? tf.concat([learned as tf.Tensor, tf.zeros([1, ...width])]) : learned;
    const indices = rows.map((row) => (row < 0 ? count! : row));
    return tf.gather(known, tf.tensor1d(indices, 'int32')) as T;
  }

  /** 1 for a class that it was learned for, 0 for others, [C, 1]. */
  known(): tf.Tensor2D {
    const rows = this.rows ?? this.trained.map((_, index) => index);
    return tf.tensor2d(rows.map((row) => [row < 0 ? 0 : 1]));
  }

  /** True where it was learned for all of the classes at hand. */
  get complete(): boolean {
    return !this.rows?.includes(-1);
  }

  /** The same value seen by other classes; the variable is shared. */
  withClasses(classNames: readonly string[]): LearnedRows<T> {
    return new LearnedRows<T>(this.learned, this.trained, classRows(classNames, this.trained));
  }
}
