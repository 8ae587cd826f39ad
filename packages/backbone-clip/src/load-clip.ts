import { isAbsolute, join } from 'node:path';
import { existsSync } from 'node:fs';
import { modelFolder } from '@promptweave/clip-icons';
import { CheckpointError, ConfigError, type BackboneIdentity, type TransformerShape } from '@promptweave/core';
import type { z } from 'zod';
import { loadClipCheckpoint, type ClipArchitecture, type ClipWeights } from './checkpoint/index.js';
import { ClipBackbone, type ClipComputation } from './clip-backbone.js';
import { formOf } from './clip-form.js';
import { uploadClipTensors } from './clip-weights.js';
import type { clipOptions } from './options.js';
import {
  isUnigram,
  loadSentenceTokenizer,
  loadTokenizer,
  OPENAI_MERGES,
  type Cleaning,
  type ClipTokenizer,
  type SentenceTokenizer,
  collectGarbage,
} from './tokenizer/index.js';

/** Name of the embedded checkpoint. */
const EMBEDDED = 'icons';
/** Pieces of a vocabulary that takes so much memory to read that it is freed at once; CLIP's has 49,408. */
const MANY_PIECES = 100_000;

/**
 * Loads a CLIP: weights, architecture and tokenizer.
 *
 * @param folder what a relative path is relative to
 * @param computation see {@link ClipComputation}; without it the fast path, in float32
 * @throws CheckpointError where weights or tokenizer are missing, corrupt, or do not belong together
 */
export async function loadClip(
  options: z.output<typeof clipOptions>,
  folder: string,
  { fast = true, precision }: Partial<Pick<ClipComputation, 'fast' | 'precision'>> = {},
): Promise<ClipBackbone> {
  const { weights, tokenizer, identity, notes } = await open(options, folder);
  const { architecture } = weights;
  const shape = shapeOf(architecture);
  const form = formOf(architecture.family);
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
      rotation: form.rotation,
      notes,
    },
    { fast, precision, recompute: options.recompute, classChunk: options.classChunk },
  );
}

/** What decides about the numbers of the CLIP that `loadClip` would load. */
export async function clipIdentity(options: z.output<typeof clipOptions>, folder: string): Promise<BackboneIdentity> {
  return (await open(options, folder)).identity;
}

/** The sizes of the towers of the CLIP that `loadClip` would load. */
export async function clipShape(options: z.output<typeof clipOptions>, folder: string): Promise<TransformerShape> {
  return shapeOf((await open(options, folder)).weights.architecture);
}

interface OpenedClip {
  readonly weights: ClipWeights;
  readonly tokenizer: ClipTokenizer | SentenceTokenizer;
  readonly identity: BackboneIdentity;
  readonly notes: readonly string[];
}

/** Everything but the values of the weights. */
async function open(options: z.output<typeof clipOptions>, folder: string): Promise<OpenedClip> {
  const source = sourceOf(options, folder);
  const { activation, imageMean, imageStd, interpolation, resize } = options;
  const weights = await loadClipCheckpoint(source, { activation, imageMean, imageStd, interpolation, resize });
  const { digest, preprocessing, architecture, notes } = weights;
  const { family, visionHeads, textHeads, activation: used } = architecture;
  const tokenizer = await tokenizerOf(weights, options.clean);
  requireVocabulary(tokenizer, weights);
  if (tokenizer.vocabularySize > MANY_PIECES) collectGarbage();
  const { pooled = 'patches' } = options;
  if (!family && options.pooled !== undefined) throw needless('pooled', 'models with a pooling head (SigLIP, PE-Core)');
  const settings = {
    ...{ activation: used, visionHeads, textHeads, tokenizer: tokenizer.digest },
    ...('clean' in tokenizer && { clean: tokenizer.clean }),
    ...(family && { pooled }),
  };
  return {
    ...{ weights, tokenizer, identity: { digest, preprocessing, settings } },
    notes: [...notes, ...wordsOf(architecture, tokenizer, pooled)],
  };
}

/** The tokenizer of the weights: CLIP's own, or of sentence pieces where family, configuration or file say so. */
async function tokenizerOf(
  { architecture, tokenizerFiles, sentencePieces, clean: stated }: ClipWeights,
  clean: Cleaning | undefined,
): Promise<ClipTokenizer | SentenceTokenizer> {
  const { tokenizerJson } = tokenizerFiles ?? {};
  if (architecture.family === 'siglip') return loadSentenceTokenizer(tokenizerFiles ?? {}, clean);
  if (sentencePieces || (tokenizerJson !== undefined && (await isUnigram(tokenizerJson)))) {
    return loadSentenceTokenizer(tokenizerFiles ?? {}, clean ?? stated, 'clip');
  }
  if (clean !== undefined) throw needless('clean', 'tokenizers of sentence pieces (SigLIP, MetaCLIP 2)');
  return loadTokenizer(tokenizerFiles ?? { bpeMerges: OPENAI_MERGES });
}

function needless(option: string, whose: string): ConfigError {
  return new ConfigError(`The option ${option} is for ${whose}, and the checkpoint is none of them.`, {
    where: `backbone.${option}`,
    remedy: 'Leave it out.',
  });
}

/** What must be known of a model that is no CLIP of OpenAI's form. */
function wordsOf(
  { family, contextLength, classToken }: ClipArchitecture,
  tokenizer: ClipTokenizer | SentenceTokenizer,
  pooled: 'patches' | 'all',
): string[] {
  const patches = classToken === false ? 'the patches' : 'class token and patches';
  const seen = `its pooling head sees ${pooled === 'all' ? `${patches.replace('the ', '')} and prompts` : patches}.`;
  if (family === 'pe') return [`A PE-Core: texts have at most ${contextLength} tokens; ${seen}`];
  if (!('clean' in tokenizer)) return [];
  const cleaned = `are cleaned as "${tokenizer.clean}"`;
  if (family === 'siglip')
    return [`A SigLIP: texts fill ${contextLength} places, padding included, and ${cleaned}; ${seen}`];
  const start = tokenizer.startId === undefined ? 'no start token' : `start token ${tokenizer.startId}`;
  return [`A MetaCLIP 2: texts have ${start}, end with token ${tokenizer.endId}, where they are read, and ${cleaned}.`];
}

/** The sizes of the towers. */
export function shapeOf(architecture: ClipArchitecture): TransformerShape {
  const { family, classToken } = architecture;
  return {
    vision: {
      width: architecture.visionWidth,
      layers: architecture.visionLayers,
      heads: architecture.visionHeads,
      imageSize: architecture.imageSize,
      patchSize: architecture.patchSize,
      ...(classToken === false && { classToken }),
      ...(family && { pooling: 'attention' as const }),
    },
    text: {
      width: architecture.textWidth,
      layers: architecture.textLayers,
      heads: architecture.textHeads,
      contextLength: architecture.contextLength,
      ...(family === 'siglip' && ({ attention: 'full', reads: 'last' } as const)),
    },
    embedding: architecture.embedding,
  };
}

/** Where the weights are: the embedded ones, a path, or an id of the hub. */
export function sourceOf({ checkpoint }: { readonly checkpoint: string }, folder: string): string {
  return checkpoint === EMBEDDED ? modelFolder : localPath(checkpoint, folder);
}

function localPath(checkpoint: string, folder: string): string {
  const path = isAbsolute(checkpoint) ? checkpoint : join(folder, checkpoint);
  return existsSync(path) ? path : checkpoint;
}

function requireVocabulary(
  tokenizer: ClipTokenizer | SentenceTokenizer,
  { architecture: { vocabularySize }, tokenizerFiles, endTokenId, source }: ClipWeights,
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
  const largest = 'clean' in tokenizer ? tokenizer.vocabularySize - 1 : special;
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
