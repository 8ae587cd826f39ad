import { createHash } from 'node:crypto';
import { Tokenizer as PieceTokenizer } from '@huggingface/tokenizers';
import { CheckpointError } from '@promptweave/core';
import type { ClipTokenizer } from './clip-tokenizer.js';
import type { TokenizerFiles } from './load-tokenizer.js';
import { readSentencePieces, type SentencePieces, type TextForm } from './sentence-pieces.js';

/** How a text is cleaned before it is cut into pieces. */
export type Cleaning = 'none' | 'lower' | 'canonical';

/** A tokenizer of sentence pieces, and how it cleans. */
export interface SentenceTokenizer extends ClipTokenizer {
  readonly clean: Cleaning;
}

const PUNCTUATION = /[!-/:-@[-`{-~]/g;

/** A text as it is, or in lower case; `canonical` also takes ASCII punctuation out, an underscore being a space, and joins white space. */
export function cleaned(text: string, clean: Cleaning): string {
  if (clean === 'none') return text;
  const lower = text.toLowerCase();
  if (clean === 'lower') return lower;
  const kept = lower.replaceAll('_', ' ').replace(PUNCTUATION, '').replace(/\s+/gu, ' ').trim();
  // A space at the beginning says that a word stands before.
  return kept !== '' && /^\s/u.test(text) ? ` ${kept}` : kept;
}

/**
 * Loads a tokenizer of sentence pieces: `tokenizer.json` of the kinds Unigram and BPE, or SigLIP's `spiece.model`. The id that fills SigLIP's texts is
 * the end's own where `tokenizer_config.json` says so or, without it, where the end is called `</s>`.
 *
 * @param clean by default, of SigLIP, canonical for Unigram and lower for BPE (SigLIP 2); of CLIP's towers none where texts have a start (XLM-V),
 *   else canonical (mT5)
 * @throws CheckpointError where a file is missing, malformed or of another kind
 */
export async function loadSentenceTokenizer(
  files: TokenizerFiles,
  clean?: Cleaning,
  form: TextForm = 'siglip',
): Promise<SentenceTokenizer> {
  const pieces = await readSentencePieces(files, form);
  const usual: Cleaning =
    form === 'siglip'
      ? pieces.kind === 'Unigram'
        ? 'canonical'
        : 'lower'
      : pieces.startId === undefined
        ? 'canonical'
        : 'none';
  return sentenceTokenizer(pieces, clean ?? usual);
}

function sentenceTokenizer(
  { json, normalise = (text) => text, pieces, startId, endId, padId, content, file }: SentencePieces,
  clean: Cleaning,
): SentenceTokenizer {
  const tokenizer = made(json, file);
  const special = new Set([endId, padId, ...(startId === undefined ? [] : [startId])]);

  const encode = (text: string): number[] => {
    const { ids }: { readonly ids: number[] } = tokenizer.encode(normalise(cleaned(text, clean)), {
      add_special_tokens: false,
    });
    const found = ids.find((id) => special.has(id));
    if (found === undefined) return ids;
    throw new CheckpointError(`The text ${JSON.stringify(text)} holds the special token ${pieces.get(found)}.`, {
      remedy: 'Write it without that token.',
    });
  };

  const decode = (ids: readonly number[]): string => {
    const bytes = ids.flatMap((id): number[] => {
      const piece = pieces.get(id);
      if (piece === undefined) {
        throw new CheckpointError(`The vocabulary has no token ${id}.`, {
          remedy: `Decode ids from 0 to ${pieces.size - 1}.`,
        });
      }
      if (special.has(id)) return [];
      const byte = /^<0x([0-9A-F]{2})>$/.exec(piece);
      return byte ? [parseInt(byte[1]!, 16)] : [...Buffer.from(piece.replaceAll('▁', ' '))];
    });
    const text = Buffer.from(bytes).toString('utf8').trimStart();
    return text === '' ? '' : `${text} `;
  };

  const digest = createHash('sha256')
    .update(JSON.stringify([content, endId, padId, ...(startId === undefined ? [] : [startId])]))
    .digest('hex');
  const ids = { ...(startId !== undefined && { startId }), endId, padId };
  return { ...ids, encode, decode, clean, vocabularySize: pieces.size, digest: digest.slice(0, 16) };
}

function made(json: object, file: string): PieceTokenizer {
  try {
    return new PieceTokenizer(json, {});
  } catch (cause) {
    throw new CheckpointError(`The tokenizer cannot be used: ${(cause as Error).message}.`, {
      where: file,
      remedy:
        'It is malformed, or has a step that is not done here: get the tokenizer.json of another copy of the model.',
      cause,
    });
  }
}
