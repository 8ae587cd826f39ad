import * as tf from '@tensorflow/tfjs-core';
import {
  ConfigError,
  type TransformerShape,
  type BlockLayer,
  type NormPlace,
  type TunableWeights,
} from '@promptweave/core';
import type { BlockWeights, ClipTensors, LayerNormWeights } from './clip-weights.js';
import type { FoldedBlock } from './fast/folded-weights.js';

type Tower = 'text' | 'vision';

/** Copies of the frozen layer norms, biases and projections, however the path that computes keeps them. */
export function tunableWeights(
  { text, vision }: ClipTensors<BlockWeights | FoldedBlock>,
  shape: TransformerShape,
): TunableWeights {
  const blockOf = (tower: Tower, block: number): BlockWeights | FoldedBlock => {
    const found = (tower === 'text' ? text : vision).blocks[block];
    if (found) return found;
    const { layers } = shape[tower];
    throw new ConfigError(`The ${tower} tower has ${layers} blocks, 0 to ${layers - 1}; there is no block ${block}.`, {
      where: 'tuning',
    });
  };
  const normOf = (tower: Tower, place: NormPlace): LayerNormWeights => {
    if (typeof place === 'object') return blockOf(tower, place.block)[`ln${place.norm}`];
    if (place === 'post') return tower === 'text' ? text.lnFinal : vision.lnPost;
    if (tower === 'vision' && vision.lnPre) return vision.lnPre;
    throw new ConfigError(`The ${tower} tower has no layer norm before its first block.`, { where: 'tuning' });
  };
  return {
    lnPre: vision.lnPre !== undefined,
    layerNorm: (tower, place) => {
      const { weight, bias } = normOf(tower, place);
      return { weight: tf.clone(weight), bias: tf.clone(bias) };
    },
    bias: (tower, block, layer) => tf.tidy(() => tf.clone(biasOf(blockOf(tower, block), layer))),
    projection: (tower) => {
      const { projection } = tower === 'text' ? text : vision;
      if (projection) return tf.clone(projection);
      throw new ConfigError('The vision tower of this backbone ends without a projection.', { where: 'tuning' });
    },
  };
}

function biasOf(block: BlockWeights | FoldedBlock, layer: BlockLayer): tf.Tensor1D {
  if (layer === 'o') return block.outputProjection.bias;
  if (layer === 'down') return block.down.bias;
  const folded = 'heads' in block;
  if (layer === 'up') return folded ? block.ln2.linearBias : block.up.bias;
  const all = folded ? block.ln1.linearBias : block.inputProjection.bias;
  const width = all.shape[0] / 3;
  return tf.slice(all, ['q', 'k', 'v'].indexOf(layer) * width, width);
}
