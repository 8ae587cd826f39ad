import { isAbsolute, join } from 'node:path';
import { existsSync } from 'node:fs';
import { modelFolder } from '@promptweave/clip-icons';
import { CheckpointError, ConfigError, type BackboneIdentity, type BackboneShape } from '@promptweave/core';
import type { z } from 'zod';
import { loadClipCheckpoint, type ClipArchitecture, type ClipWeights } from './checkpoint/index.js';
import { ClipBackbone } from './clip-backbone.js';
import { CLIP_FORM, SIGLIP_FORM } from './clip-form.js';
import { uploadClipTensors } from './clip-weights.js';
import type { clipOptions } from './options.js';
import { loadSentenceTokenizer, loadTokenizer, OPENAI_MERGES, type ClipTokenizer } from './tokenizer/index.js';

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
  const { weights, tokenizer, identity, notes } = await open(options, folder);
  const { architecture } = weights;
  const shape = shapeOf(architecture);
  const form = architecture.family === 'siglip' ? SIGLIP_FORM : CLIP_FORM;
  const read = (name: string) => weights.tensors.get(name)!;
  return new ClipBackbone(
    {
      name: options.checkpoint,
      shape,
      activation: architecture.activation,
      tensors: uploadClipTensors(read, shape, 'token_embedding.weight', form),
      tokenizer,
      ...identity,
      pooled: options.pooled,
      notes,
    },
    { fast, recompute: options.recompute, classChunk: options.classChunk },
  );
}

/** What decides about the numbers of the CLIP that `loadClip` would load. */
export async function clipIdentity(options: z.output<typeof clipOptions>, folder: string): Promise<BackboneIdentity> {
  return (await open(options, folder)).identity;
}

/** The sizes of the towers of the CLIP that `loadClip` would load. */
export async function clipShape(options: z.output<typeof clipOptions>, folder: string): Promise<BackboneShape> {
  return shapeOf((await open(options, folder)).weights.architecture);
}

interface OpenedClip {
  readonly weights: ClipWeights;
  readonly tokenizer: ClipTokenizer;
  readonly identity: BackboneIdentity;
  readonly notes: readonly string[];
}

/** Everything but the values of the weights. */
async function open(options: z.output<typeof clipOptions>, folder: string): Promise<OpenedClip> {
  const source = sourceOf(options, folder);
  const { activation, imageMean, imageStd, interpolation, resize } = options;
  const weights = await loadClipCheckpoint(source, { activation, imageMean, imageStd, interpolation, resize });
  const { digest, preprocessing, architecture, notes } = weights;
  const { visionHeads, textHeads, activation: used } = architecture;
  if (architecture.family === 'siglip') {
    const { pooled = 'patches' } = options;
    const tokenizer = await loadSentenceTokenizer(weights.tokenizerFiles ?? {}, options.clean);
    requireVocabulary(tokenizer, weights);
    const settings = {
      activation: used,
      visionHeads,
      textHeads,
      tokenizer: tokenizer.digest,
      clean: tokenizer.clean,
      pooled,
    };
    const ofSiglip = `A SigLIP: texts fill ${architecture.contextLength} places, padding included, and are cleaned as "${tokenizer.clean}"; its pooling head sees ${pooled === 'all' ? 'patches and prompts' : 'the patches'}.`;
    return { weights, tokenizer, identity: { digest, preprocessing, settings }, notes: [...notes, ofSiglip] };
  }
  for (const option of ['clean', 'pooled'] as const) {
    if (options[option] === undefined) continue;
    throw new ConfigError(`The option ${option} is for SigLIP, and the checkpoint is a CLIP.`, {
      where: `backbone.${option}`,
      remedy: 'Leave it out.',
    });
  }
  const tokenizer = await loadTokenizer(weights.tokenizerFiles ?? { bpeMerges: OPENAI_MERGES });
  requireVocabulary(tokenizer, weights);
  const settings = { activation: used, visionHeads, textHeads, tokenizer: tokenizer.digest };
  return { weights, tokenizer, identity: { digest, preprocessing, settings }, notes };
}

/** The sizes of the towers. */
export function shapeOf(architecture: ClipArchitecture): BackboneShape {
  const siglip = architecture.family === 'siglip';
  return {
    vision: {
      width: architecture.visionWidth,
      layers: architecture.visionLayers,
      heads: architecture.visionHeads,
      imageSize: architecture.imageSize,
      patchSize: architecture.patchSize,
      ...(siglip && ({ classToken: false, pooling: 'attention' } as const)),
    },
    text: {
      width: architecture.textWidth,
      layers: architecture.textLayers,
      heads: architecture.textHeads,
      contextLength: architecture.contextLength,
      ...(siglip && ({ attention: 'full', reads: 'last' } as const)),
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

function requireVocabulary(
  tokenizer: ClipTokenizer,
  { architecture: { vocabularySize, family }, tokenizerFiles, endTokenId, source }: ClipWeights,
): void {
  const remedy = 'Put the tokenizer.json (or vocab.json and merges.txt) of this model beside its weights.';
  if (!tokenizerFiles && tokenizer.vocabularySize !== vocabularySize) {
    throw new CheckpointError(
      `No tokenizer lies beside the weights, and their ${vocabularySize} token embeddings are not those of OpenAI's ` +
        `${tokenizer.vocabularySize} tokens.`,
      { where: source, remedy },
    );
  }
  const special = Math.max(tokenizer.startId ?? 0, tokenizer.endId);
  const largest = family === 'siglip' ? tokenizer.vocabularySize - 1 : special;
  if (largest >= vocabularySize) {
    throw new CheckpointError(
      `The tokenizer's ids reach ${largest}, but the weights have ${vocabularySize} token embeddings.`,
      { where: source, remedy },
    );
  }
  if (endTokenId !== undefined && endTokenId !== tokenizer.endId) {
    throw new CheckpointError(
      `The configuration ends texts with token ${endTokenId} (text_config.eos_token_id), the tokenizer with ${tokenizer.endId}.`,
      { where: source, remedy },
    );
  }
}
