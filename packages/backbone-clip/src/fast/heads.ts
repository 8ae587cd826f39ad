import * as tf from '@tensorflow/tfjs-core';
import type { Rotation } from '../rotation.js';
import { fused } from './fused.js';

/**
 * Sequences of equal length whose rows lie one after the other in the packed matrix of a tower. Of several groups the first is
 * the prefix: one sequence of P rows, whose keys and values all others see besides their own.
 */
export interface SequenceGroup {
  /** First row in the packed matrix. */
  readonly start: number;
  /** Number of sequences C. */
  readonly count: number;
  /** Rows of each sequence L. */
  readonly length: number;
  /** Makes what is added to the scores, [L, L] or [C, L, P + L]; without it every row sees its whole sequence. */
  readonly mask?: () => tf.Tensor;
  /** Makes what queries and keys are turned by, of L rows; only where all rows are computed. */
  readonly rotation?: () => Rotation;
}

/** The rows of the last group that are read after the last block: class tokens or ends of text, S of them. */
export interface ReadRows {
  /** Their numbers in the packed matrix. */
  readonly rows: readonly number[];
  /** Rows that are read of each sequence at most, Q: as many queries as each sequence has place for. */
  readonly perSequence: number;
  /** The place of each read row among the C·Q queries. */
  readonly places: readonly number[];
  /** Makes what is added to the scores of each place, [C, Q, P + L]; without it every place sees everything. */
  readonly mask?: () => tf.Tensor;
}

/**
 * Splits the rows of one group into heads.
 *
 * @param packed rows of all groups, [N, m·W]: m parts (queries, keys, values) beside each other
 * @param bias added first, [m·W]
 * @param prefix number of rows at the beginning of `packed` that stand before each sequence's own in the last two parts, keys and values
 * @returns m tensors [H, C, L, d], keys and values [H, C, prefix + L, d]
 */
export function splitHeads(
  packed: tf.Tensor2D,
  { start, count, length }: Pick<SequenceGroup, 'start' | 'count' | 'length'>,
  { heads, parts, prefix = 0, bias }: { heads: number; parts: number; prefix?: number; bias?: tf.Tensor1D },
): tf.Tensor4D[] {
  const attributes = { biases: bias ? 1 : 0, start, count, length, prefix, heads, parts };
  const done = fused<tf.Tensor4D[]>('SplitHeads', bias ? [packed, bias] : [packed], attributes);
  if (done) return done;
  const split = (from: number, sequences: number, rows: number): tf.Tensor4D[] => {
    const size = sequences * rows;
    const own = size === packed.shape[0] ? packed : tf.slice(packed, [from, 0], [size, -1]);
    const biased = bias ? tf.add(own, bias) : own;
    const perHead = packed.shape[1] / parts / heads;
    if (parts === 1) return [tf.transpose(tf.reshape(biased, [sequences, rows, heads, perHead]), [2, 0, 1, 3])];
    const shaped = tf.reshape(biased, [sequences, rows, parts, heads, perHead]);
    return tf.unstack(tf.transpose(shaped, [2, 3, 0, 1, 4])) as tf.Tensor4D[]; // m times [H, C, L, d]
  };
  return tf.tidy(() => {
    const own = split(start, count, length);
    if (prefix === 0) return own;
    const shared = split(0, 1, prefix).slice(-2);
    const before = parts - 2;
    return own.map((part, i) =>
      i < before ? part : tf.concat<tf.Tensor4D>([tf.tile(shared[i - before]!, [1, count, 1, 1]), part], 2),
    );
  });
}

/**
 * The reverse of {@link splitHeads} for the rows of all groups; what several sequences say of the prefix is added up there.
 *
 * @param parts for each group m tensors [H, C, L or P + L, d]
 * @param groups theirs; rows before the first group's are the prefix's, where only later groups say something of it
 * @returns [N, m·W]
 */
export function mergeHeads(
  parts: readonly (readonly tf.Tensor4D[])[],
  groups: readonly Pick<SequenceGroup, 'start' | 'count' | 'length'>[],
): tf.Tensor2D {
  const { start, count, length } = groups.at(-1)!;
  const done = fused<[tf.Tensor2D]>('MergeHeads', parts.flat(), {
    inputs: parts.flat().length,
    rows: start + count * length,
    parts: parts[0]!.length,
    starts: groups.map((group) => group.start),
    lengths: groups.map((group) => group.length),
  });
  if (done) return done[0];
  return tf.tidy(() => {
    const own = parts.map((ofGroup, g) => mergeGroup(ofGroup.map((part) => cut(part, -groups[g]!.length))));
    const prefix = parts.flatMap((ofGroup, g) => {
      const { length } = groups[g]!;
      const rows = Math.max(...ofGroup.map((part) => part.shape[2])) - length;
      if (rows === 0) return [];
      const summed = ofGroup.map((part): tf.Tensor4D => {
        const [heads, , longer, perHead] = part.shape;
        return longer > length ? tf.sum(cut(part, rows), 1, true) : tf.zeros([heads, 1, rows, perHead]);
      });
      return [mergeGroup(summed)];
    });
    const [first, ...others] = groups[0]!.start === 0 ? own : [undefined, ...own];
    const shared = [...(first ? [first] : []), ...prefix];
    const rows = [shared.length === 1 ? shared[0]! : tf.addN(shared), ...others] as tf.Tensor2D[];
    return rows.length === 1 ? rows[0]! : tf.concat(rows, 0);
  });
}

/** The first rows of each sequence; the last for a negative number. */
function cut(part: tf.Tensor4D, rows: number): tf.Tensor4D {
  const [heads, count, length, perHead] = part.shape;
  if (Math.abs(rows) === length) return part;
  return tf.slice(part, [0, 0, rows < 0 ? length + rows : 0, 0], [heads, count, Math.abs(rows), perHead]);
}

/** m tensors [H, C, L, d] to packed rows [C·L, m·W]. */
function mergeGroup(parts: readonly tf.Tensor4D[]): tf.Tensor2D {
  const [heads, count, length, perHead] = parts[0]!.shape;
  const merged =
    parts.length === 1
      ? tf.transpose(parts[0]!, [1, 2, 0, 3]) // [C, L, H, d]
      : tf.transpose(tf.stack(parts as tf.Tensor4D[]), [2, 3, 0, 1, 4]); // [C, L, m, H, d]
  return tf.reshape(merged, [count * length, parts.length * heads * perHead]);
}
