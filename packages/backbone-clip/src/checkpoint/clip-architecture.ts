import { CheckpointError, type StateDict } from '@promptweave/core';
import type { Activation } from '../activation.js';
import type { Family } from '../clip-form.js';

/** The sizes of a CLIP with two transformers, or of a model made of its blocks. Lengths are in pixels, tokens or values. */
export interface ClipArchitecture {
  /** Absent for CLIP. */
  readonly family?: Family;
  /** Absent where there is a class token, as in CLIP. */
  readonly classToken?: false;
  readonly imageSize: number;
  readonly patchSize: number;
  readonly visionWidth: number;
  readonly visionLayers: number;
  readonly visionHeads: number;
  readonly textWidth: number;
  readonly textLayers: number;
  readonly textHeads: number;
  readonly contextLength: number;
  readonly vocabularySize: number;
  /** Width of the space that images and texts share. */
  readonly embedding: number;
  readonly activation: Activation;
}

/** What the shapes of the weights do not tell. */
export interface ArchitectureHints {
  readonly family?: Family;
  /** Side of the input images, where patches do not cover it evenly. Default: patches × patch size. */
  readonly imageSize?: number;
  /** Default: width / 64, as in all released CLIPs up to width 1024. */
  readonly visionHeads?: number;
  /** Default: width / 64, as in all released CLIPs up to width 1024. */
  readonly textHeads?: number;
  /** Default: `quick-gelu`, OpenAI's; of SigLIP `gelu-tanh`, of PE-Core `gelu`. */
  readonly activation?: Activation;
  /** Needed only where `token_embedding.weight` is absent. */
  readonly vocabularySize?: number;
  /** What to call the weights in errors. */
  readonly where?: string;
}

/** Beyond this width the released models have other than 64 values a head, so the number must be given. */
const WIDEST_WITH_64 = 1024;
/** Heads of the released SigLIPs and PE-Cores by width, where they have other than 64 values: So400m, g-opt and G/14. */
const HEADS: Readonly<Record<Family, Readonly<Record<number, number>>>> = {
  siglip: { 1152: 16, 1536: 16 },
  pe: { 1536: 16 },
};
/** PE-Core's text tower is CLIP's, so that of G/14 has 64 values a head at a width of 1280. */
const TEXT_HEADS: Readonly<Record<Family, Readonly<Record<number, number>>>> = {
  siglip: HEADS.siglip,
  pe: { 1280: 20 },
};
const ACTIVATIONS: Readonly<Record<Family, Activation>> = { siglip: 'gelu-tanh', pe: 'gelu' };

/**
 * Reads the architecture off the shapes of a state dictionary with OpenAI's key names.
 *
 * @throws CheckpointError when a tensor that tells a size is missing or has an impossible shape
 */
export function architectureOf(tensors: StateDict, hints: ArchitectureHints = {}): ClipArchitecture {
  const where = hints.where ?? 'the weights';
  const shapeOf = (name: string, rank: number, expected: string): number[] => {
    const shape = tensors.get(name)?.shape;
    if (!shape) throw missing(name, expected, where);
    if (shape.length !== rank || shape.some((size) => size < 1)) throw misshapen(name, shape, expected, where);
    return shape;
  };
  const patches = shapeOf('visual.conv1.weight', 4, '[vision width, 3, patch, patch]');
  const [visionWidth, colours, patchSize, patchWidth] = patches as [number, number, number, number];
  if (colours !== 3 || patchSize !== patchWidth) {
    throw misshapen('visual.conv1.weight', patches, '[vision width, 3, patch, patch]', where);
  }
  const positions = shapeOf('visual.positional_embedding', 2, '[1 + side², vision width]');
  const { family } = hints;
  const bare = family === 'siglip' || (family === 'pe' && !tensors.has('visual.class_embedding'));
  const side = Math.sqrt(bare ? positions[0]! : positions[0]! - 1);
  if (!Number.isInteger(side) || side < 1) {
    const expected = bare ? '[side², vision width]' : '[1 + side², vision width]';
    throw misshapen('visual.positional_embedding', positions, expected, where);
  }
  const [contextLength, textWidth] = shapeOf('positional_embedding', 2, '[context length, text width]') as [
    number,
    number,
  ];
  const embedding = family === 'siglip' ? visionWidth : shapeOf('visual.proj', 2, `[${visionWidth}, embedding]`)[1]!;
  const vocabularySize =
    hints.vocabularySize ?? shapeOf('token_embedding.weight', 2, `[vocabulary size, ${textWidth}]`)[0]!;
  return {
    ...(family && { family }),
    ...(bare && { classToken: false as const }),
    imageSize: imageSizeOf(side, patchSize, hints.imageSize, where),
    patchSize,
    visionWidth,
    visionLayers: layersOf(tensors, 'visual.transformer.resblocks.', where),
    visionHeads: headsOf('vision', visionWidth, hints.visionHeads ?? (family && HEADS[family][visionWidth]), where),
    textWidth,
    textLayers: layersOf(tensors, 'transformer.resblocks.', where),
    textHeads: headsOf('text', textWidth, hints.textHeads ?? (family && TEXT_HEADS[family][textWidth]), where),
    contextLength,
    vocabularySize,
    embedding,
    activation: hints.activation ?? (family ? ACTIVATIONS[family] : 'quick-gelu'),
  };
}

/** The error for a tensor that is not there. */
export function missing(name: string, expected: string, where: string): CheckpointError {
  return new CheckpointError(`Tensor "${name}" of shape ${expected} is missing.`, {
    where,
    remedy: 'Give the whole CLIP, vision and text tower, as it was released; this file is cut down or not a CLIP.',
  });
}

/** The error for a tensor of another shape than the rest of the weights demand. */
export function misshapen(name: string, found: number[], expected: string, where: string): CheckpointError {
  return new CheckpointError(`Tensor "${name}" has shape [${found.join(', ')}], expected ${expected}.`, {
    where,
    remedy: 'The file is corrupt or mixes two models: get it again.',
  });
}

function imageSizeOf(side: number, patchSize: number, given: number | undefined, where: string): number {
  if (given === undefined) return side * patchSize;
  if (Math.floor(given / patchSize) === side) return given;
  throw new CheckpointError(
    `Images of ${given} pixels have ${Math.floor(given / patchSize)} patches a side, the weights ${side}.`,
    { where, remedy: `Give an image size of ${side * patchSize}, or the weights that belong to ${given}.` },
  );
}

/** Blocks are numbered from 0 without a gap. */
function layersOf(tensors: StateDict, prefix: string, where: string): number {
  const numbers = new Set<number>();
  for (const name of tensors.keys()) {
    const digits = name.startsWith(prefix) ? /^\d{1,4}(?=\.)/.exec(name.slice(prefix.length)) : null;
    if (digits) numbers.add(Number(digits[0]));
  }
  for (let layer = 0; layer < Math.max(1, numbers.size); layer++) {
    if (!numbers.has(layer)) throw missing(`${prefix}${layer}.ln_1.weight`, '[width]', where);
  }
  return numbers.size;
}

function headsOf(tower: 'vision' | 'text', width: number, given: number | undefined, where: string): number {
  const option = `${tower}Heads`;
  if (given !== undefined) {
    if (Number.isInteger(given) && given > 0 && width % given === 0) return given;
    throw new CheckpointError(`${given} heads do not divide the ${tower} tower's width of ${width}.`, {
      where,
      remedy: `Correct the number of heads in the configuration, or give ${option}.`,
    });
  }
  if (width <= WIDEST_WITH_64 && width % 64 === 0) return width / 64;
  throw new CheckpointError(`The number of heads of the ${tower} tower cannot be told from its width of ${width}.`, {
    where,
    remedy: `Put config.json or open_clip_config.json beside the weights, or give ${option}.`,
  });
}
