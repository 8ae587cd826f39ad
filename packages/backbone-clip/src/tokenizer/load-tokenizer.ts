import { fileURLToPath } from 'node:url';
import { CheckpointError } from '@promptweave/core';
import { createTokenizer, type ClipTokenizer } from './clip-tokenizer.js';
import { readBpeMerges, readTokenizerJson, readVocabAndMerges, type Vocabulary } from './vocabulary.js';

/** Paths of a tokenizer's files; the first complete way of `tokenizerJson`, `vocab` + `merges`, `bpeMerges` is taken. */
export interface TokenizerFiles {
  readonly tokenizerJson?: string;
  readonly vocab?: string;
  readonly merges?: string;
  /** transformers' `tokenizer_config.json`, which names the special tokens; read beside SigLIP's `tokenizerJson`. */
  readonly tokenizerConfig?: string;
  /** SentencePiece's own file; read for SigLIP where there is no `tokenizerJson`. */
  readonly spiece?: string;
  /** OpenAI's merges list, plain or gzipped. */
  readonly bpeMerges?: string;
}

/** The merges list of OpenAI's CLIP, which this package brings for checkpoints that come without a vocabulary. */
export const OPENAI_MERGES = fileURLToPath(new URL('../../data/clip-merges.txt.gz', import.meta.url));

function readVocabulary({ tokenizerJson, vocab, merges, bpeMerges }: TokenizerFiles): Promise<Vocabulary> {
  if (tokenizerJson !== undefined) return readTokenizerJson(tokenizerJson);
  if (vocab !== undefined && merges !== undefined) return readVocabAndMerges(vocab, merges);
  if (bpeMerges !== undefined) return readBpeMerges(bpeMerges);
  throw new CheckpointError('No tokenizer was given.', {
    where: vocab ?? merges,
    remedy: "Give tokenizer.json, or vocab.json and merges.txt together, or OpenAI's merges list.",
  });
}

/**
 * Loads CLIP's tokenizer from any of the usual files. All of them go the same way: the file gives vocabulary and merges,
 * the cleaning and the splitting into words are CLIP's.
 *
 * @throws CheckpointError if a file is missing, malformed or of another kind of tokenizer.
 * @example const tokenizer = await loadTokenizer({ bpeMerges: OPENAI_MERGES });
 * tokenizer.encode('a photo of a cat.'); // [320, 1125, 539, 320, 2368, 269]
 */
export async function loadTokenizer(files: TokenizerFiles): Promise<ClipTokenizer> {
  return createTokenizer(await readVocabulary(files));
}
