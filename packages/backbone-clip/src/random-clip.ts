import { createHash } from 'node:crypto';
import { hashSeed, hostTensor, sizeOf, type TransformerShape, type HostTensor } from '@promptweave/core';
import type { Activation } from './activation.js';
import { ClipBackbone, type ClipComputation } from './clip-backbone.js';
import { choosePreprocessing } from './checkpoint/preprocessing/index.js';
import { CLIP_FORM, classRowsOf, isPooled, type ClipForm } from './clip-form.js';
import { uploadClipTensors } from './clip-weights.js';
import { randomTokenizer } from './random-tokenizer.js';

/** What a CLIP with random weights looks like. */
export interface RandomClipOptions extends TransformerShape {
  readonly seed: number;
  /** Number of token ids; the last two are start and end of text. Default: OpenAI's 49408. */
  readonly vocabulary?: number;
  /** exp(logit_scale). Default: 100, as in the released models. */
  readonly logitScale?: number;
  /** Default: `quick-gelu`. */
  readonly activation?: Activation;
  /** What the towers are made of. Default: CLIP's. */
  readonly form?: ClipForm;
  /** Whether texts begin with a start token. Default true. */
  readonly startToken?: boolean;
  /** Default: `patches`. */
  readonly pooled?: 'patches' | 'all';
}

/**
 * A CLIP of any size with seeded random weights, for tests and for timing where no checkpoint is at hand. Standard deviations are
 * those that CLIP is initialised with (arXiv 2103.00020, section 2.4 and the published model code), but for biases and layer norms, which are
 * moved off 0 and 1 so that no weight is without effect. The tokenizer cuts words into pieces of at most five letters.
 *
 * @example randomClip({
 *   seed: 1,
 *   vision: { width: 64, layers: 3, heads: 2, imageSize: 16, patchSize: 8 },
 *   text: { width: 64, layers: 3, heads: 2, contextLength: 24 },
 *   embedding: 32,
 *   vocabulary: 512,
 * })
 */
export function randomClip(options: RandomClipOptions, computation?: ClipComputation): ClipBackbone {
  const { seed, vision, text, embedding, vocabulary = 49408, logitScale = 100, activation = 'quick-gelu' } = options;
  const { form = CLIP_FORM, startToken = true, pooled = 'patches' } = options;
  const shape: TransformerShape = { vision, text, embedding };
  const weights = describeWeights(shape, vocabulary, form);
  const read = (name: string): HostTensor => {
    if (name === 'logit_scale') return hostTensor(Float32Array.of(Math.log(logitScale)), []);
    const { size, mean = 0, deviation } = weights.get(name)!;
    return hostTensor(draw(sizeOf(size), mean, deviation, hashSeed(seed, name)), size);
  };
  const others = form === CLIP_FORM && startToken ? [] : [form, startToken];
  const identity = JSON.stringify([seed, shape, vocabulary, logitScale, activation, ...others]);
  return new ClipBackbone(
    {
      name: 'random',
      shape,
      activation,
      tensors: uploadClipTensors(read, shape, 'token_embedding.weight', form),
      tokenizer: randomTokenizer(vocabulary, startToken),
      pooled,
      rotation: form.rotation,
      ...(isPooled(shape) && { settings: { pooled } }),
      preprocessing: choosePreprocessing({}, [], shape.vision.imageSize).preprocessing,
      digest: createHash('sha256').update(identity).digest('hex'), // the options determine the weights
    },
    computation,
  );
}

/** One tensor of OpenAI's state dictionary. */
interface RandomWeight {
  readonly size: number[];
  readonly mean?: number;
  readonly deviation: number;
}

function describeWeights(
  { vision, text, embedding }: TransformerShape,
  vocabulary: number,
  form: ClipForm,
): Map<string, RandomWeight> {
  const weights = new Map<string, RandomWeight>();
  const set = (name: string, size: number[], deviation: number, mean = 0) =>
    weights.set(name, { size, mean, deviation });
  const layerNorm = (name: string, width: number) => {
    set(`${name}.weight`, [width], 0.1, 1);
    set(`${name}.bias`, [width], 0.1);
  };
  const linear = (name: string, out: number, inputs: number, deviation: number) => {
    set(`${name}weight`, [out, inputs], deviation);
    set(`${name}bias`, [out], 0.02);
  };
  const blocks = (prefix: string, width: number, layers: number) => {
    const attention = width ** -0.5;
    const intoStream = attention * (2 * layers) ** -0.5;
    for (let i = 0; i < layers; i++) {
      const block = `${prefix}transformer.resblocks.${i}`;
      layerNorm(`${block}.ln_1`, width);
      linear(`${block}.attn.in_proj_`, 3 * width, width, attention);
      linear(`${block}.attn.out_proj.`, width, width, intoStream);
      layerNorm(`${block}.ln_2`, width);
      linear(`${block}.mlp.c_fc.`, 4 * width, width, (2 * width) ** -0.5);
      linear(`${block}.mlp.c_proj.`, width, 4 * width, intoStream);
    }
  };
  const patches = Math.floor(vision.imageSize / vision.patchSize) ** 2;
  const ofVision = vision.width ** -0.5;
  const patchSize = [vision.width, 3, vision.patchSize, vision.patchSize];
  set('visual.conv1.weight', patchSize, (3 * 3 * vision.patchSize ** 2) ** -0.5);
  if (form.patchBias) set('visual.conv1.bias', [vision.width], 0.02);
  const classRows = classRowsOf({ vision });
  if (classRows > 0) set('visual.class_embedding', [vision.width], ofVision);
  set('visual.positional_embedding', [classRows + patches, vision.width], ofVision);
  if (form.lnPre) layerNorm('visual.ln_pre', vision.width);
  blocks('visual.', vision.width, vision.layers);
  layerNorm('visual.ln_post', vision.width);
  if (isPooled({ vision })) {
    const head = 'visual.attn_pool';
    set(`${head}.probe`, [1, 1, vision.width], 1);
    linear(`${head}.attn.in_proj_`, 3 * vision.width, vision.width, ofVision);
    linear(`${head}.attn.out_proj.`, vision.width, vision.width, ofVision);
    layerNorm(`${head}.layernorm`, vision.width);
    linear(`${head}.mlp.c_fc.`, 4 * vision.width, vision.width, ofVision);
    linear(`${head}.mlp.c_proj.`, vision.width, 4 * vision.width, ofVision / 2);
  }
  if (form.visionProjection) set('visual.proj', [vision.width, embedding], ofVision);
  if (form.logitBias) set('logit_bias', [], 0, -10);
  set('token_embedding.weight', [vocabulary, text.width], 0.02);
  set('positional_embedding', [text.contextLength, text.width], 0.01);
  blocks('', text.width, text.layers);
  layerNorm('ln_final', text.width);
  set('text_projection', [text.width, embedding], text.width ** -0.5);
  if (form.textBias) set('text_projection.bias', [embedding], 0.02);
  return weights;
}

/** Uniform values of the given mean and standard deviation: hundreds of millions of them in seconds (mulberry32). */
function draw(count: number, mean: number, deviation: number, seed: number): Float32Array {
  const values = new Float32Array(count);
  const width = deviation * Math.sqrt(12);
  let state = seed | 0;
  for (let i = 0; i < count; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    values[i] = mean + width * (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 - 0.5);
  }
  return values;
}
