import { DatasetError } from '@promptweave/core';
import { readDataFile } from '../readers/file-image.js';

/**
 * The text of a list: UTF-8, or UTF-16 as spreadsheets write it; old Macs' line ends become new ones.
 * @throws DatasetError where it is neither
 */
export async function readTableText(file: string): Promise<string> {
  const bytes = await readDataFile(file);
  const encoding = encodingOf(bytes);
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text.replaceAll(/\r\n?/g, '\n');
  } catch {
    // told below
  }
  throw new DatasetError('The list is no text in UTF-8 or UTF-16.', {
    where: file,
    remedy: 'Save it as CSV in UTF-8.',
  });
}

function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}
