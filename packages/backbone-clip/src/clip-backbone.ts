import * as tf from '@tensorflow/tfjs-core';
import type {
  Backbone,
  TransformerShape,
  ImageRequest,
  PromptedText,
  Prompts,
  PublishedVision,
  StepShape,
  StepWork,
  TextEncoding,
  TextRequest,
  TextRows,
  Tokenizer,
  TunableWeights,
  WorkOptions,
} from '@promptweave/core';
import type { Activation } from './activation.js';
import type { ClipModel } from './clip-model.js';
import { disposeClipTensors, type BlockWeights, type ClipTensors } from './clip-weights.js';
import { foldBlock, type FoldedBlock } from './fast/folded-weights.js';
import { hasBfloat16, type Precision } from './fast/frozen-matrix.js';
import { encodeTextFast } from './fast/text-tower.js';
import { encodeImagesFast } from './fast/vision-tower.js';
import { encodeTextPlainly } from './plain/text-tower.js';
import { encodeImagesPlainly } from './plain/vision-tower.js';
import { checkPrompts, checkText } from './refusals.js';
import { publishedVision } from './published-vision.js';
import { patchRotation } from './rotation.js';
import { encodeInChunks } from './text-chunks.js';
import type { TextTowerRequest } from './tower-request.js';
import { tunableWeights } from './tunable-weights.js';
import { chunkBytes, classesPerChunk, type ClassChunk } from './work/classes-per-chunk.js';
import { allSavings, clipWork, noSavings } from './work/clip-work.js';
import { imagesPerBlock } from './work/images-per-block.js';

/** What a CLIP is made of. */
export interface ClipParts {
  readonly name: string;
  readonly shape: TransformerShape;
  readonly activation: Activation;
  readonly tensors: ClipTensors;
  readonly tokenizer: Tokenizer;
  readonly preprocessing: Backbone['preprocessing'];
  readonly digest: string;
  readonly settings?: Backbone['settings'];
  readonly notes?: readonly string[];
  /** What a pooling head attends to, where there is one. Default: the rows of the image alone. */
  readonly pooled?: 'patches' | 'all';
  /** Whether queries and keys of the vision tower are turned by the place of their patch. Default false. */
  readonly rotation?: boolean;
  /** Row of a token id in the token table; by default the id itself. */
  readonly tokenRow?: (id: number) => number;
}

/** How a CLIP is computed; the values are the same. */
export interface ClipComputation {
  /** Shared prefix, packed branches and frozen blocks with their own backward pass; otherwise the dense reference. */
  readonly fast: boolean;
  /** Keep only the blocks' inputs and compute each block again in the backward pass: less memory, a third more time. */
  readonly recompute: boolean;
  /** What the fast path keeps the weights of its blocks in, and multiplies them with; `auto`: bfloat16 where the CPU has products for it. Default: float32. */
  readonly precision?: Precision | 'auto';
  /** Classes that go through the text tower together; several chunks cost another forward pass. Default: `auto`. */
  readonly classChunk?: ClassChunk;
}

/** CLIP (Radford et al. 2021), or SigLIP or PE-Core, which are made of the same blocks; frozen, with prompts injected at any block of both towers. */
export class ClipBackbone implements Backbone {
  readonly name: string;
  readonly shape: TransformerShape;
  readonly tokenizer: Tokenizer;
  readonly preprocessing: Backbone['preprocessing'];
  readonly imagesPerBlock: number;
  readonly digest: string;
  readonly settings?: Backbone['settings'];
  readonly notes?: readonly string[];
  readonly precision: Precision;
  readonly logitScale: number;
  readonly logitBias?: number;
  readonly publishedVision?: () => PublishedVision;
  private readonly tokenRow: (id: number) => number;
  /** One of the two: the weights are kept in one form only. */
  private readonly model: { readonly plain: ClipModel } | { readonly folded: ClipModel<FoldedBlock> };

  /** @param parts the weights are taken over */
  constructor(
    parts: ClipParts,
    private readonly computation: ClipComputation = { fast: true, recompute: false },
  ) {
    const { shape, activation, tensors } = parts;
    this.name = parts.name;
    this.shape = shape;
    this.tokenizer = parts.tokenizer;
    this.preprocessing = parts.preprocessing;
    this.imagesPerBlock = imagesPerBlock(shape);
    this.digest = parts.digest;
    this.settings = parts.settings;
    this.notes = parts.notes;
    this.logitScale = Math.exp(tensors.logScale);
    this.logitBias = tensors.logitBias;
    this.tokenRow = parts.tokenRow ?? ((id) => id);
    const common = {
      ...{ shape, activation, pooled: parts.pooled ?? 'patches' },
      startRows: parts.tokenizer.startId === undefined ? 0 : 1,
      padId: parts.tokenizer.padId ?? 0,
      ...(parts.rotation && { rotation: patchRotation(shape) }),
      embedTokens: (ids: readonly number[]) => this.embedTokens(ids),
    };
    this.precision = precisionOf(computation);
    this.model = computation.fast
      ? { folded: { ...common, tensors: foldTensors(parts, this.precision) } }
      : { plain: { ...common, tensors } };
    this.publishedVision = publishedVision(this.anyModel);
  }

  /** All frozen weights, for whoever wants to see that they stay as they are. */
  get weights(): ClipTensors<BlockWeights | FoldedBlock> {
    return this.anyModel.tensors;
  }

  private get anyModel(): ClipModel<BlockWeights | FoldedBlock> {
    return 'folded' in this.model ? this.model.folded : this.model.plain;
  }

  get tunable(): TunableWeights {
    return tunableWeights(this.weights, this.shape);
  }

  embedTokens(ids: readonly number[]): tf.Tensor2D {
    return this.weights.text.tokens.rows(ids.map(this.tokenRow));
  }

  encodeText(text: PromptedText, request: TextRequest = {}): TextEncoding {
    checkText(text, request, this.shape.text, this.anyModel.startRows);
    const { inserted, ofClasses } = text;
    const rows = {
      prefix: text.prefix.shape[0],
      branches: text.lengths,
      padded: request.keepLast ? (request.paddedClasses ?? 0) : 0,
      blocks: request.blocks?.length ?? this.shape.text.layers,
      changes: {
        tuned: Object.keys(request.tuning?.blocks ?? {}).length > 0,
        ...(inserted && { inserted: { block: inserted.block, rows: inserted.rows[0]!.shape[0] } }),
        ...(ofClasses && { ownContextFrom: ofClasses.block }),
      },
    };
    const together = this.classesTogether(rows);
    if (together >= text.lengths.length) return this.encodeTogether(text, request);
    const encode = (part: PromptedText, ofPart: TextTowerRequest) => this.encodeTogether(part, ofPart);
    return encodeInChunks(encode, text, request, this.anyModel, together);
  }

  encodeImages(images: tf.Tensor4D, prompts?: Prompts, request: ImageRequest = {}): tf.Tensor2D {
    checkPrompts(prompts, request, this.shape.vision, this.weights.vision.lnPre !== undefined);
    if ('plain' in this.model) return encodeImagesPlainly(this.model.plain, images, prompts, request);
    return encodeImagesFast(this.model.folded, images, prompts, request, this.computation.recompute);
  }

  work(step: StepShape, options: WorkOptions = {}): StepWork {
    const { fast } = this.computation;
    const { savings = fast ? allSavings : noSavings, recompute = this.computation.recompute, classChunk } = options;
    return clipWork(this.shape, step, {
      savings,
      recompute,
      classesPerChunk: this.classesTogether(step.text, classChunk),
    });
  }

  private encodeTogether(text: PromptedText, request: TextTowerRequest): TextEncoding {
    if ('plain' in this.model) return encodeTextPlainly(this.model.plain, text, request);
    return encodeTextFast(this.model.folded, text, request, this.computation.recompute);
  }

  /** The plain path stays as it is published unless a number is asked for. */
  private classesTogether(rows: Omit<TextRows, 'hiddenStates'>, asked?: number): number {
    const { fast, classChunk = fast ? 'auto' : 'all' } = this.computation;
    const budget = tf.getBackend() === 'wasm' ? chunkBytes.wasm : chunkBytes.native;
    return classesPerChunk(this.shape, rows, asked ?? classChunk, budget);
  }

  dispose(): void {
    disposeClipTensors(this.weights);
  }
}

function precisionOf({ fast, precision = 'float32' }: ClipComputation): Precision {
  if (!fast) return 'float32';
  return precision === 'auto' ? (hasBfloat16() ? 'bfloat16' : 'float32') : precision;
}

function foldTensors({ tensors, shape, activation }: ClipParts, precision: Precision): ClipTensors<FoldedBlock> {
  const { text, vision } = tensors;
  return {
    ...tensors,
    text: { ...text, blocks: text.blocks.map((block) => foldBlock(block, shape.text.heads, activation, precision)) },
    vision: {
      ...vision,
      blocks: vision.blocks.map((block) => foldBlock(block, shape.vision.heads, activation, precision)),
    },
  };
}
