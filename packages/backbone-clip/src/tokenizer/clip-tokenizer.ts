import { createHash } from 'node:crypto';
import { Tokenizer as BytePairTokenizer } from '@huggingface/tokenizers';
import { CheckpointError, type Tokenizer } from '@promptweave/core';
import { BYTE_ALPHABET } from './byte-alphabet.js';
import { cleanText } from './clean-text.js';
import type { Vocabulary } from './vocabulary.js';

/**
 * Words as CLIP cuts them: English endings, runs of letters, single digits, runs of anything else. The long s counts as an
 * s, because the original ignores case.
 */
const WORDS = "'[s\u017f]|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

/** CLIP's tokenizer with what tells its vocabulary from others. */
export interface ClipTokenizer extends Tokenizer {
  /** Tokens, special ones included. */
  readonly vocabularySize: number;
  /** The first 16 hex digits of the SHA-256 of vocabulary and merges. */
  readonly digest: string;
}

/**
 * A tokenizer of the given vocabulary. Special tokens written out in a text are text: they never become special ids.
 *
 * CLIP's vocabulary can write any text. A small one that lacks some bytes cannot, and `encode` then throws a
 * CheckpointError, where the library below would drop characters.
 */
export function createTokenizer({ ids, merges, startId, endId }: Vocabulary): ClipTokenizer {
  const bytePairs = new BytePairTokenizer(
    {
      version: '1.0',
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: WORDS }, behavior: 'Removed', invert: true },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
        ],
      },
      post_processor: null,
      decoder: null,
      model: { type: 'BPE', end_of_word_suffix: '</w>', vocab: ids, merges },
    },
    {},
  );
  const tokens = new Map(Object.entries(ids).map(([token, id]) => [id, token]));
  const bytes = new Map(BYTE_ALPHABET.map(({ byte, character }) => [character, byte]));
  const utf8 = new TextDecoder();
  const writesAnyText = BYTE_ALPHABET.every(({ character }) => character in ids && `${character}</w>` in ids);

  const decode = (list: readonly number[]): string => {
    const text = list.map((id) => {
      const token = tokens.get(id);
      if (token !== undefined) return id === startId || id === endId ? '' : token.replace('</w>', ' ');
      throw new CheckpointError(`The vocabulary has no token ${id}.`, {
        remedy: `Decode ids from 0 to ${tokens.size - 1}.`,
      });
    });
    return utf8.decode(Uint8Array.from([...text.join('')].map((character) => bytes.get(character) ?? 0x20)));
  };

  const encode = (text: string): number[] => {
    const clean = cleanText(text);
    const list = bytePairs.encode(clean, { add_special_tokens: false }).ids;
    if (!writesAnyText && decode(list).replaceAll(' ', '') !== clean.replaceAll(' ', '')) {
      throw new CheckpointError(`The vocabulary of this checkpoint cannot write ${JSON.stringify(text)}.`, {
        remedy:
          'Write it with plain letters, digits and punctuation, or take a checkpoint with the full vocabulary of CLIP.',
      });
    }
    return list;
  };

  const content = JSON.stringify([Object.entries(ids).sort(([, a], [, b]) => a - b), merges]);
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 16);
  return { startId, endId, encode, decode, vocabularySize: tokens.size, digest };
}
