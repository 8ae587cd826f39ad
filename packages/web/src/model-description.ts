import { CheckpointError, type Preprocessing } from '@promptweave/core/portable';
import { checkProgram, type Program } from './program.js';

/** Layout of the file; a reader refuses higher numbers. */
export const MODEL_FORMAT = 1;

/** The metadata key that marks an exported model. */
export const MODEL_KEY = 'promptweave-model';

/** Sizes of the image tower. */
export interface VisionSizes {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly imageSize: number;
  readonly patchSize: number;
}

/** How logits are made of an image feature f, [E]. */
export type HeadDescription =
  /** f · Wᵀ + b with `classes.weight` [C, E] and `classes.bias` [C]; of f / |f| where it is normalised. */
  | { readonly kind: 'linear'; readonly normalised: boolean }
  /** Of `features` [B, E] before normalisation, and `promptRows` [B, n, V] where it reads the prompts' final states. */
  | { readonly kind: 'program'; readonly program: Program; readonly readsPromptRows: boolean };

/** All of an exported model but its tensors; JSON. */
export interface ModelDescription {
  readonly format: typeof MODEL_FORMAT;
  /** In the order of the logits. */
  readonly classNames: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly vision: VisionSizes;
  /** Width of image features, E. */
  readonly embedding: number;
  readonly activation: 'quick-gelu' | 'gelu';
  readonly prompts: {
    /** Rows after the patches before block 0, `prompts.shallow` [n, V]. */
    readonly shallow: boolean;
    /** `prompts.deep.i` replaces these rows at the input of block i, for i from 1 to this number. */
    readonly deep: number;
    /** `prompts.inserted.i` enters at the input of block `block + i`, after the class token. */
    readonly inserted?: { readonly block: number; readonly count: number };
  };
  readonly head: HeadDescription;
  /**
   * What is added to a layer and is no matrix: `input` before block 0, `blocks.i.adapter` (sees ln_1 x, added to the block's output), and
   * `blocks.i.LAYER` for q, k, v, o, up and down. Each turns `rows` [N, in] into [N, out].
   */
  readonly programs: Readonly<Record<string, Program>>;
  /** What it was made of: versions, digests and the resolved configuration. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** Blocks of a tower; the largest CLIP has 48. */
const MOST_LAYERS = 1000;

/** Names that a program of a tower may have. */
const PROGRAM_NAME = /^(input|blocks\.\d+\.(adapter|q|k|v|o|up|down))$/;

/**
 * Reads a description, of whatever origin.
 * @throws CheckpointError naming what is wrong
 */
export function parseDescription(text: string | undefined, where: string): ModelDescription {
  const fail = (message: string): never => {
    const remedy = 'Write it anew: promptweave export RUN --to bundle.';
    throw new CheckpointError(message, { where, remedy });
  };
  if (text === undefined) return fail('The file is no exported model: it does not say how its tensors are used.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail('The description of the model is not JSON.');
  }
  const { format, classNames, preprocessing, vision, embedding, activation, prompts, head, programs, provenance } =
    objectOf(value);
  if (format !== MODEL_FORMAT)
    return fail(`The model has the format ${String(format)}; this version reads ${MODEL_FORMAT}.`);
  const need = (holds: boolean, what: string): void =>
    void (holds || fail(`The description of the model has no ${what}.`));
  need(isTexts(classNames) && classNames.length > 0, 'class names');
  const { resize, interpolation, size, mean, std } = objectOf(preprocessing);
  need(resize === 'shortest' || resize === 'squash', 'known preprocessing.resize');
  need(interpolation === 'bicubic' || interpolation === 'bilinear', 'known preprocessing.interpolation');
  need(isColour(mean) && isColour(std), 'preprocessing.mean and std of three colours');
  const sizes = objectOf(vision);
  for (const name of ['width', 'layers', 'heads', 'imageSize', 'patchSize'])
    need(isSize(sizes[name]), `size vision.${name}`);
  need((sizes.layers as number) <= MOST_LAYERS, `number of blocks up to ${MOST_LAYERS}`);
  need(isSize(embedding), 'size embedding');
  need(size === sizes.imageSize, 'preprocessing.size that is the size of its images');
  need((sizes.imageSize as number) >= (sizes.patchSize as number), 'image that is as large as a patch');
  need((sizes.width as number) % (sizes.heads as number) === 0, 'width that its heads divide');
  need(activation === 'quick-gelu' || activation === 'gelu', 'known activation');
  const { shallow, deep, inserted } = objectOf(prompts);
  need(typeof shallow === 'boolean' && isCount(deep), 'list of prompts');
  need((deep as number) === 0 || shallow === true, 'rows that its deep prompts replace');
  need((deep as number) < (sizes.layers as number), 'blocks for all its prompts');
  if (inserted !== undefined) {
    const { block, count } = objectOf(inserted);
    need(isSize(block) && isSize(count) && block + count <= (sizes.layers as number), 'blocks for its inserted rows');
    need(shallow === false && deep === 0, 'single kind of prompts');
  }
  const { kind, normalised, program, readsPromptRows } = objectOf(head);
  if (kind === 'program') {
    checkProgram(program, readsPromptRows === true ? ['features', 'promptRows'] : ['features'], `${where}, head`);
    need(readsPromptRows !== true || shallow === true || inserted !== undefined, 'prompts that its head reads');
  } else need(kind === 'linear' && typeof normalised === 'boolean', 'head');
  need(isRecord(programs) && isRecord(provenance), 'programs and provenance');
  for (const [name, one] of Object.entries(objectOf(programs))) {
    need(PROGRAM_NAME.test(name), `place for a program "${name}"`);
    checkProgram(one, ['rows'], `${where}, ${name}`);
  }
  return value as ModelDescription;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isColour(value: unknown): boolean {
  return Array.isArray(value) && value.length === 3 && value.every((one) => Number.isFinite(one));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isSize(value: unknown): value is number {
  return isCount(value) && value > 0;
}
