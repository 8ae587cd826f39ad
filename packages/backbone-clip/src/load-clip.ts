import { isAbsolute, join } from 'node:path';
import { existsSync } from 'node:fs';
import { modelFolder } from '@promptweave/clip-icons';
import { CheckpointError, type BackboneShape, type Tokenizer } from '@promptweave/core';
import type { z } from 'zod';
import { loadClipCheckpoint, type ClipArchitecture } from './checkpoint/index.js';
import { ClipBackbone } from './clip-backbone.js';
import { uploadClipTensors } from './clip-weights.js';
import type { clipOptions } from './options.js';
import { loadTokenizer, OPENAI_MERGES } from './tokenizer/index.js';

/** Name of the embedded checkpoint. */
const EMBEDDED = 'icons';

/**
 * Loads a CLIP: weights, architecture and tokenizer.
 *
 * @param folder what a relative path is relative to
 * @param fast false computes the dense reference; the numbers are the same
 * @throws CheckpointError where weights or tokenizer are missing, corrupt, or do not belong together
 */
export async function loadClip(
  options: z.output<typeof clipOptions>,
  folder: string,
  fast = true,
): Promise<ClipBackbone> {
  const source = sourceOf(options, folder);
  const weights = await loadClipCheckpoint(source, { activation: options.activation });
  const { architecture } = weights;
  const tokenizer = await loadTokenizer(weights.tokenizerFiles ?? { bpeMerges: OPENAI_MERGES });
  requireVocabulary(tokenizer, architecture, source);
  const shape = shapeOf(architecture);
  const read = (name: string) => weights.tensors.get(name)!;
  return new ClipBackbone(
    {
      name: options.checkpoint,
      shape,
      activation: architecture.activation,
      tensors: uploadClipTensors(read, shape, 'token_embedding.weight'),
      tokenizer,
      preprocessing: { mean: options.imageMean, std: options.imageStd },
      digest: weights.digest,
    },
    { fast, recompute: options.recompute, classChunk: options.classChunk },
  );
}

/** SHA-256 of the weights that `loadClip` would load. */
export async function clipDigest(options: z.output<typeof clipOptions>, folder: string): Promise<string> {
  return (await loadClipCheckpoint(sourceOf(options, folder), { activation: options.activation })).digest;
}

/** The sizes of the towers. */
export function shapeOf(architecture: ClipArchitecture): BackboneShape {
  return {
    vision: {
      width: architecture.visionWidth,
      layers: architecture.visionLayers,
      heads: architecture.visionHeads,
      imageSize: architecture.imageSize,
      patchSize: architecture.patchSize,
    },
    text: {
      width: architecture.textWidth,
      layers: architecture.textLayers,
      heads: architecture.textHeads,
      contextLength: architecture.contextLength,
    },
    embedding: architecture.embedding,
  };
}

function sourceOf({ checkpoint }: z.output<typeof clipOptions>, folder: string): string {
  return checkpoint === EMBEDDED ? modelFolder : localPath(checkpoint, folder);
}

function localPath(checkpoint: string, folder: string): string {
  const path = isAbsolute(checkpoint) ? checkpoint : join(folder, checkpoint);
  return existsSync(path) ? path : checkpoint;
}

function requireVocabulary(tokenizer: Tokenizer, { vocabularySize }: ClipArchitecture, source: string): void {
  const largest = Math.max(tokenizer.startId, tokenizer.endId);
  if (largest < vocabularySize) return;
  throw new CheckpointError(
    `The tokenizer's ids reach ${largest}, but the weights have ${vocabularySize} token embeddings.`,
    {
      where: source,
      remedy: 'Put the tokenizer.json (or vocab.json and merges.txt) of this model beside its weights.',
    },
  );
}
