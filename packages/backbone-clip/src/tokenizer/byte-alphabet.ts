/** Bytes that are written as the Latin-1 character of the same code: printable, and no space. */
function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

/**
 * The 256 characters that stand for the 256 bytes of UTF-8 in a byte-level vocabulary, in the order of CLIP's vocabulary:
 * the printable bytes as themselves, then the others as U+0100, U+0101, …
 */
export const BYTE_ALPHABET: readonly { readonly byte: number; readonly character: string }[] = (() => {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const printable = bytes.filter(isPrintable).map((byte) => ({ byte, character: String.fromCharCode(byte) }));
  const others = bytes
    .filter((byte) => !isPrintable(byte))
    .map((byte, i) => ({ byte, character: String.fromCharCode(256 + i) }));
  return [...printable, ...others];
})();
