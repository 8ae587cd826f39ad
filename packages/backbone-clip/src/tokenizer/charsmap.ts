/** A normalisation of text, as SentencePiece compiles it: a double array of byte strings (darts-clone), and what each becomes. */
export interface Charsmap {
  /** As SentencePiece itself does it: from left to right the longest string that has a replacement. */
  readonly longest: (text: string) => string;
  /** As the normaliser `Precompiled` of `tokenizer.json` is computed: a short grapheme by its first match, or its characters one by one. */
  readonly byGraphemes: (text: string) => string;
}

/** Graphemes of so many bytes and more are taken apart at once. */
const LONG_GRAPHEME = 6;

/**
 * @param bytes length of the array in bytes, the array (little-endian), the replacements, each ended by a zero
 * @returns undefined where the bytes are cut off
 */
export function readCharsmap(bytes: Uint8Array): Charsmap | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.byteLength >= 4 ? view.getUint32(0, true) : 0;
  if (size === 0 || size % 4 !== 0 || 4 + size > bytes.byteLength) return undefined;
  const replacements = bytes.subarray(4 + size);
  const unitAt = (position: number): number => (4 * position < size ? view.getUint32(4 + 4 * position, true) : 0);

  /** Lengths of what is found at the beginning of a key, and where their replacements are; the shortest first. */
  const matches = (key: Uint8Array, from: number): { readonly length: number; readonly at: number }[] => {
    const found = [];
    let position = offsetOf(unitAt(0));
    for (let i = from; i < key.length && key[i] !== 0; i++) {
      position ^= key[i]!;
      const unit = unitAt(position);
      if ((unit & 0x800000ff) !== key[i]) break;
      position ^= offsetOf(unit);
      if (((unit >>> 8) & 1) === 1) found.push({ length: i + 1 - from, at: unitAt(position) & 0x7fffffff });
    }
    return found;
  };
  const replacementAt = (at: number): Uint8Array => {
    const end = replacements.indexOf(0, at);
    return replacements.subarray(at, end < 0 ? undefined : end);
  };
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();

  const longest = (text: string): string => {
    const key = encoder.encode(text);
    const parts: Uint8Array[] = [];
    for (let from = 0; from < key.length;) {
      const match = matches(key, from).at(-1);
      const length = match?.length ?? lengthOfCharacter(key[from]!);
      parts.push(match ? replacementAt(match.at) : key.subarray(from, from + length));
      from += length;
    }
    return decoder.decode(Buffer.concat(parts));
  };

  const segments = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const replaced = (part: string): string | undefined => {
    const [match] = matches(encoder.encode(part), 0);
    return match && decoder.decode(replacementAt(match.at));
  };
  const byGraphemes = (text: string): string =>
    [...segments.segment(text)]
      .map(({ segment }) => {
        const whole = encoder.encode(segment).length < LONG_GRAPHEME ? replaced(segment) : undefined;
        return whole ?? [...segment].map((character) => replaced(character) ?? character).join('');
      })
      .join('');

  return { longest, byGraphemes };
}

/** Where the children of a unit lie, relative to it. */
function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}

/** Bytes of a character of UTF-8 by its first one. */
function lengthOfCharacter(first: number): number {
  if (first < 0x80) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
