import { DatasetError } from '@promptweave/core';
import { linesOf } from './image-list.js';

/** What comes on standard input: the bytes of an image, or a list of images, a line each. */
export async function readStandardInput(): Promise<Uint8Array | string[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const text = textOf(bytes);
  if (text === undefined) return bytes;
  const lines = linesOf(text);
  if (lines.length > 0) return lines;
  throw new DatasetError('Nothing came on standard input.', { where: '-', remedy: 'Give an image, or a path a line.' });
}

/** Undefined where it is no text, or a drawing (SVG), which is an image. */
function textOf(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') || /^\s*<(svg|\?xml|!--|!DOCTYPE)/i.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
