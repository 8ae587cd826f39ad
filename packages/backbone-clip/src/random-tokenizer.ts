import { hashSeed, type Tokenizer } from '@promptweave/core';

/** Longest piece of a word that is one token. */
const PIECE = /[\p{L}\p{N}]{1,5}|[^\s\p{L}\p{N}]/gu;

/**
 * A tokenizer without files for a CLIP with random weights: letters and digits in pieces of at most five, punctuation one by one. A piece's
 * id is a hash of it, from 1 to vocabulary − 3; 0 is padding. So two pieces may share an id, and `decode` knows only what was
 * encoded before (`<id>` otherwise).
 */
export function randomTokenizer(vocabulary: number, startToken = true): Tokenizer {
  const seen = new Map<number, string>();
  return {
    ...(startToken && { startId: vocabulary - 2 }),
    endId: vocabulary - 1,
    encode: (text) =>
      (text.toLowerCase().match(PIECE) ?? []).map((piece) => {
        const id = 1 + (hashSeed(0, piece) % (vocabulary - 3));
        seen.set(id, piece);
        return id;
      }),
    decode: (ids) => ids.map((id) => `${seen.get(id) ?? `<${id}>`} `).join(''),
  };
}
