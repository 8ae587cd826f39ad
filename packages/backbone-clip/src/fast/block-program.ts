import type * as tf from '@tensorflow/tfjs-core';
import type { FoldedBlock } from './folded-weights.js';
import { formOf, tensorOf } from './frozen-matrix.js';
import type { ReadRows, SequenceGroup } from './heads.js';
import { identity } from './identity.js';
import type { BlockProgram } from './with-prompt.js';

/** What the passes of a block with frozen weights depend on. Groups and read rows are told apart by what they are made of; masks and rotations by identity. */
export function blockProgram(
  name: string,
  weights: FoldedBlock,
  groups: readonly SequenceGroup[],
  read?: ReadRows,
): BlockProgram {
  const { inputProjection, outputProjection, up, down, heads, activation, ln1, ln2 } = weights;
  const layers = [inputProjection, outputProjection, up, down];
  return {
    key: [
      ...[name, heads, activation, ln1.epsilon, ln2.epsilon, ...layers.map(({ weight }) => formOf(weight))],
      ...[...groups.map(keyOf), read && keyOfRead(read)],
    ].join(' '),
    reads: layers.flatMap(({ weight, bias }): tf.Tensor[] => [tensorOf(weight), bias]),
  };
}

const keyOf = ({ start, count, length, mask, rotation }: SequenceGroup): string =>
  `(${[start, count, length, identity(mask), identity(rotation)]})`;

const keyOfRead = ({ rows, perSequence, places, mask }: ReadRows): string =>
  `(${perSequence}; ${rows}; ${places}; ${identity(mask)})`;
