import * as tf from '@tensorflow/tfjs-core';
import type {
  Backbone,
  BackboneShape,
  PromptedText,
  Prompts,
  TextEncoding,
  TextRequest,
  Tokenizer,
} from '@promptweave/core';
import type { Activation } from './activation.js';
import type { ClipModel } from './clip-model.js';
import { disposeClipTensors, type ClipTensors } from './clip-weights.js';
import { disposeFolded, foldBlock, type FoldedBlock } from './fast/folded-weights.js';
import { encodeTextFast } from './fast/text-tower.js';
import { encodeImagesFast } from './fast/vision-tower.js';
import { encodeTextPlainly } from './plain/text-tower.js';
import { encodeImagesPlainly } from './plain/vision-tower.js';

/** What a CLIP is made of. */
export interface ClipParts {
  readonly name: string;
  readonly shape: BackboneShape;
  readonly activation: Activation;
  readonly tensors: ClipTensors;
  readonly tokenizer: Tokenizer;
  readonly preprocessing: Backbone['preprocessing'];
  readonly digest: string;
  /** Row of a token id in the token table; by default the id itself. */
  readonly tokenRow?: (id: number) => number;
}

/** How a CLIP is computed; the values are the same. */
export interface ClipComputation {
  /** Shared prefix, packed branches and frozen blocks with their own backward pass; otherwise the dense reference. */
  readonly fast: boolean;
  /** Keep only the blocks' inputs and compute each block again in the backward pass: less memory, a third more time. */
  readonly recompute: boolean;
}

/** CLIP (Radford et al. 2021), frozen, with prompts injected at any block of both towers. */
export class ClipBackbone implements Backbone, ClipModel {
  readonly name: string;
  readonly shape: BackboneShape;
  readonly activation: Activation;
  readonly tensors: ClipTensors;
  readonly tokenizer: Tokenizer;
  readonly preprocessing: Backbone['preprocessing'];
  readonly digest: string;
  readonly logitScale: number;
  private readonly tokenRow: (id: number) => number;
  private readonly folded?: { readonly text: readonly FoldedBlock[]; readonly vision: readonly FoldedBlock[] };

  constructor(
    parts: ClipParts,
    private readonly computation: ClipComputation = { fast: true, recompute: false },
  ) {
    this.name = parts.name;
    this.shape = parts.shape;
    this.activation = parts.activation;
    this.tensors = parts.tensors;
    this.tokenizer = parts.tokenizer;
    this.preprocessing = parts.preprocessing;
    this.digest = parts.digest;
    this.logitScale = Math.exp(parts.tensors.logScale);
    this.tokenRow = parts.tokenRow ?? ((id) => id);
    if (computation.fast) {
      this.folded = {
        text: parts.tensors.text.blocks.map((block) => foldBlock(block, parts.shape.text.heads)),
        vision: parts.tensors.vision.blocks.map((block) => foldBlock(block, parts.shape.vision.heads)),
      };
    }
  }

  embedTokens(ids: readonly number[]): tf.Tensor2D {
    return tf.tidy(() => tf.gather(this.tensors.text.tokens, tf.tensor1d(ids.map(this.tokenRow), 'int32')));
  }

  encodeText(text: PromptedText, request: TextRequest = {}): TextEncoding {
    if (!this.folded) return encodeTextPlainly(this, text, request);
    return encodeTextFast(this, this.folded.text, text, request, this.computation.recompute);
  }

  encodeImages(images: tf.Tensor4D, prompts?: Prompts, trace?: tf.Tensor3D[]): tf.Tensor2D {
    if (!this.folded || trace) return encodeImagesPlainly(this, images, prompts, trace);
    return encodeImagesFast(this, this.folded.vision, images, prompts, this.computation.recompute);
  }

  dispose(): void {
    disposeClipTensors(this.tensors);
    for (const block of [...(this.folded?.text ?? []), ...(this.folded?.vision ?? [])]) disposeFolded(block);
  }
}
