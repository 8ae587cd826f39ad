import { DatasetError } from '@promptweave/core';

/**
 * The text of a file: UTF-8, or UTF-16 where a byte order mark says so, as Excel's "Unicode text" is. The mark is left out.
 *
 * @throws DatasetError for other bytes
 */
export function decodeText(bytes: Uint8Array, where: string): string {
  const wrong = (message: string, cause?: unknown): DatasetError =>
    new DatasetError(message, { where, remedy: 'Save the file as UTF-8.', cause });
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw wrong(
      encoding === 'utf-8' ? 'The file is not UTF-8 text.' : 'The file begins as UTF-16 text, but is not.',
      cause,
    );
  }
  if (text.includes('\0')) {
    throw wrong('The file holds characters of code 0: it is UTF-16 without its mark, or no text at all.');
  }
  return text;
}
