import * as tf from '@tensorflow/tfjs-core';
import { withoutTape, type ImageRequest, type Prompts } from '@promptweave/core';
import type { ClipModel } from '../clip-model.js';
import { ENTRY, firstLearnedBlock, tapedFrom } from '../learned-steps.js';
import { poolByAttention } from '../attention-pool.js';
import { projected } from '../plain/vision-tower.js';
import type { FoldedBlock } from './folded-weights.js';
import { appended, edgeNorm, embedded } from './edges.js';
import type { SequenceGroup } from './heads.js';
import { pickRows } from './rows.js';
import { runBlock } from './run-block.js';

/**
 * The vision tower over packed rows. Of the last block only the rows that are read are computed (class tokens, and prompts if asked
 * for), unless hidden states are pushed to `trace` or a pooling head reads all. Same values as the plain one; inserted rows stand at the end here, for
 * attention knows no order.
 */
export function encodeImagesFast(
  model: ClipModel<FoldedBlock>,
  images: tf.Tensor4D,
  prompts: Prompts = { deep: [] },
  { trace, promptRows, tuning }: ImageRequest,
  recompute: boolean,
): tf.Tensor2D {
  const { tensors, shape } = model;
  const { width } = shape.vision;
  const { shallow, deep, inserted } = prompts;
  const { blocks, lnPre, lnPost, pooling } = tensors.vision;
  const learnedFrom = firstLearnedBlock(prompts, tuning, blocks.length);
  const patches = withoutTape(() => embedded(model, images)); // [B, 1 + P, V]; P rows without a class token
  trace?.push(patches);
  const [batch, promptStart] = patches.shape;
  const n = (inserted?.rows[0] ?? shallow)?.shape[0] ?? 0;
  const unpacked = (rows: tf.Tensor2D): tf.Tensor3D => tf.reshape(rows, [batch, -1, width]);
  const packed = (rows: tf.Tensor3D): tf.Tensor2D => tf.reshape(rows, [-1, width]);
  const ids = (length: number): Int32Array => {
    const whole = promptStart + n;
    return Int32Array.from({ length: batch * length }, (_, i) => Math.floor(i / length) * whole + (i % length));
  };

  const { rotation } = model;
  const groupOf = (rows: number): SequenceGroup => ({
    ...{ start: 0, count: batch, length: rows },
    ...(rotation && { rotation: rotation(rows) }),
  });

  let length = promptStart + (inserted ? 0 : n);
  let x = tapedFrom(learnedFrom, ENTRY, () => {
    const sequences = shallow && !inserted ? appended(patches, shallow) : patches;
    const rows = lnPre ? edgeNorm(packed(sequences), lnPre, tuning?.lnPre) : packed(sequences); // [B · L, V]
    const { input } = tuning ?? {};
    return input ? tf.add<tf.Tensor2D>(rows, input.apply(rows, input.variables, ids(length))) : rows;
  });
  trace?.push(unpacked(x));
  const perImage = promptRows ? [0, ...Array.from({ length: n }, (_, i) => promptStart + i)] : [0];
  blocks.forEach((weights, i) => {
    const input = x;
    const entering = inserted ? inserted.rows[i - inserted.block] : i > 0 ? deep[i - 1] : undefined;
    const isInsertion = i === inserted?.block;
    if (isInsertion) {
      x = packed(appended(unpacked(x), entering!));
      length += n;
    }
    const isRead = i === blocks.length - 1 && !trace && !pooling && !rotation;
    x = tapedFrom(learnedFrom, i, () =>
      runBlock(x, weights, {
        ...{ recompute, groups: [groupOf(length)], ids: () => ids(length) },
        tuning: tuning?.blocks[i],
        prompt: entering && !isInsertion ? { rows: entering, at: promptStart } : undefined,
        read: isRead ? readOf(batch, length, perImage) : undefined,
      }),
    );
    if (!trace) input.dispose(); // the tape has what it needs of it
    trace?.push(unpacked(x));
  });
  if (pooling) {
    const final = unpacked(edgeNorm(x, lnPost, tuning?.lnPost)); // [B, L, V]
    if (n > 0) promptRows?.push(tf.slice(final, [0, promptStart, 0], [-1, n, -1]));
    const pooled = model.pooled === 'all' ? final : tf.slice(final, [0, 0, 0], [-1, promptStart, -1]);
    return projected(model, poolByAttention(pooled, pooling, model.activation));
  }
  const read = trace || rotation ? pickRows(x, readOf(batch, length, perImage).rows) : x; // [B · (1 or 1 + n), V]
  const final = edgeNorm(read, lnPost, tuning?.lnPost);
  if (perImage.length === 1) return projected(model, final);
  const ofImages = unpacked(final);
  promptRows!.push(tf.slice(ofImages, [0, 1, 0], [-1, n, -1]));
  return projected(model, packed(tf.slice(ofImages, [0, 0, 0], [-1, 1, -1])));
}

/** The rows at the given positions of every image. */
function readOf(batch: number, length: number, positions: readonly number[]) {
  const images = Array.from({ length: batch }, (_, i) => i);
  return {
    rows: images.flatMap((image) => positions.map((position) => image * length + position)),
    perSequence: positions.length,
    places: Array.from({ length: batch * positions.length }, (_, i) => i),
  };
}
