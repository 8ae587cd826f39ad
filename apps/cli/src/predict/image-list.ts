import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { parse } from 'csv-parse/sync';

/** Headings of the column with the images. */
const HEADINGS = /^(image|path|file|filename|file_name|filepath|file_path|image_path|url|src)s?$/i;

/**
 * Images of a list: a line each, or the column of a table that is called image, path, file, filename or url. Relative paths are seen from
 * the list's folder.
 * @throws DatasetError where it holds none, or no such column
 */
export async function readImageList(file: string): Promise<string[]> {
  const text = (await readFile(file, 'utf8')).replace(/^\ufeff/, '');
  const images = /\.txt$/i.test(file) ? linesOf(text) : columnOf(text, file);
  if (images.length === 0) {
    throw new DatasetError('The list names no image.', { where: file, remedy: 'Write a path or an address a line.' });
  }
  const folder = dirname(file);
  return images.map((image) => (isAbsolute(image) || /^(https?|file):\/\//i.test(image) ? image : join(folder, image)));
}

/** The lines that are not empty. */
export function linesOf(text: string): string[] {
  return text
    .split(/\r\n?|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function columnOf(text: string, file: string): string[] {
  const [first = ''] = linesOf(text);
  const delimiter = [',', ';', '\t'].find((sign) => first.includes(sign)) ?? ',';
  let rows: string[][];
  try {
    rows = parse(text, { delimiter, trim: true, skip_empty_lines: true, relax_column_count: true });
  } catch (cause) {
    throw new DatasetError(`The list cannot be read: ${(cause as Error).message}.`, {
      where: file,
      remedy: 'Write a CSV file with a heading, or one path a line.',
      cause,
    });
  }
  const [heading = [], ...below] = rows;
  const column = heading.findIndex((name) => HEADINGS.test(name));
  if (column >= 0) return below.map((row) => row[column] ?? '').filter(Boolean);
  if (heading.length <= 1) return rows.map(([only = '']) => only).filter(Boolean);
  throw new DatasetError(`The list has no column of images: its heading is ${heading.join(', ')}.`, {
    where: file,
    remedy: 'Call the column with the paths or addresses "image".',
  });
}
