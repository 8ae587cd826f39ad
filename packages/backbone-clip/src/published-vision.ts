import * as tf from '@tensorflow/tfjs-core';
import type { TransformerShape, HostTensor, PublishedVision } from '@promptweave/core';
import { CLIP_FORM } from './clip-form.js';
import type { ClipModel } from './clip-model.js';
import type { BlockWeights, LayerNormWeights, LinearWeights } from './clip-weights.js';
import { quickFactor, scalesOfInput, unfold, type FoldedBlock } from './fast/folded-weights.js';
import { unpacked, type FrozenLinear } from './fast/frozen-matrix.js';

/**
 * The frozen vision tower by OpenAI's names. Of folded weights the last bits may differ from those of the file.
 * @returns undefined where it is not made as CLIP's
 */
export function publishedVision({
  tensors,
  shape,
  activation,
}: ClipModel<BlockWeights | FoldedBlock>): (() => PublishedVision) | undefined {
  const { classToken, lnPre, lnPost, projection, patchBias, pooling } = tensors.vision;
  if (!classToken || !lnPre || !projection || patchBias || pooling) return undefined;
  if (activation === 'gelu-tanh' || lnPost.epsilon !== CLIP_FORM.epsilon) return undefined;
  return () => ofClip({ tensors: { ...tensors.vision, classToken, lnPre, projection }, shape, activation });
}

interface VisionOfClip {
  readonly tensors: Required<Pick<Vision, 'classToken' | 'lnPre' | 'projection'>> & Vision;
  readonly shape: TransformerShape;
  readonly activation: PublishedVision['activation'];
}
type Vision = ClipModel<BlockWeights | FoldedBlock>['tensors']['vision'];

function ofClip({ tensors, shape, activation }: VisionOfClip): PublishedVision {
  const { patches, classToken, positions, lnPre, lnPost, projection, blocks } = tensors;
  const { width, patchSize } = shape.vision;
  const published = new Map<string, HostTensor>();
  const put = (name: string, size: number[], compute: () => tf.Tensor): void => {
    const data = (): Float32Array => tf.tidy(() => compute().dataSync<'float32'>());
    published.set(name, { dtype: 'float32', shape: size, data });
  };
  const norm = (name: string, { weight, bias }: LayerNormWeights): void => {
    put(`${name}.weight`, [width], () => weight);
    put(`${name}.bias`, [width], () => bias);
  };
  const linear = (
    name: string,
    separator: string,
    [inputs, outputs]: [number, number],
    get: () => LinearWeights,
  ): void => {
    put(`${name}${separator}weight`, [outputs, inputs], () => tf.transpose(get().weight));
    put(`${name}${separator}bias`, [outputs], () => get().bias);
  };
  put('visual.conv1.weight', [width, 3, patchSize, patchSize], () => tf.transpose(patches));
  put('visual.class_embedding', [width], () => classToken);
  put('visual.positional_embedding', positions.shape, () => positions);
  norm('visual.ln_pre', lnPre);
  blocks.forEach((block, i) => {
    const name = `visual.transformer.resblocks.${i}`;
    const hidden = block.down.weight.shape[0];
    norm(`${name}.ln_1`, block.ln1);
    linear(`${name}.attn.in_proj`, '_', [width, 3 * width], () => inputProjectionOf(block, width));
    linear(`${name}.attn.out_proj`, '.', [width, width], () => ({
      ...block.outputProjection,
      weight: unpacked(block.outputProjection.weight),
    }));
    norm(`${name}.ln_2`, block.ln2);
    linear(`${name}.mlp.c_fc`, '.', [width, hidden], () => upOf(block));
    linear(`${name}.mlp.c_proj`, '.', [hidden, width], () => downOf(block));
  });
  norm('visual.ln_post', lnPost);
  put('visual.proj', [width, shape.embedding], () => projection);
  return { activation, tensors: published };
}

function inputProjectionOf(block: BlockWeights | FoldedBlock, width: number): LinearWeights {
  if (!('heads' in block)) return block.inputProjection;
  return unfolded(block.ln1, block.inputProjection, scalesOfInput(width, block.heads));
}

function upOf(block: BlockWeights | FoldedBlock): LinearWeights {
  if (!('heads' in block)) return block.up;
  return unfolded(block.ln2, block.up, tf.scalar(quickFactor(block)));
}

function downOf(block: BlockWeights | FoldedBlock): LinearWeights {
  if (!('heads' in block)) return block.down;
  return { weight: tf.mul(unpacked(block.down.weight), quickFactor(block)), bias: block.down.bias };
}

/** The layer without the norm and without the factors of its outputs. */
function unfolded(norm: FoldedBlock['ln1'], linear: FrozenLinear, factors: tf.Tensor): LinearWeights {
  const { weight } = unfold(norm, linear, factors);
  return { weight: tf.div(weight, factors), bias: norm.linearBias };
}
