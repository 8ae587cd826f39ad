import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { emojiImages, isEmojiName, isImageName } from '@promptweave/datasets';
import { glob, isDynamicPattern } from 'tinyglobby';
import { imageItem } from '../library/image-input.js';
import { readImageList } from './image-list.js';
import { readStandardInput } from './standard-input.js';

/** Images, and what was left out on the way. */
export interface ExpandedImages {
  readonly items: readonly ImageItem[];
  /** Sentences. */
  readonly notes: readonly string[];
}

/** Lists of images by their names' endings. */
const LIST = /\.(csv|tsv|txt)$/i;

/**
 * All images that words of a command line stand for: files, folders with all that is below them, patterns, addresses, lists (`.csv`, `.tsv`,
 * `.txt`), `-` for standard input, and names of emoji between colons. What is missing stays in the list, for its line to say so.
 *
 * @param emojiSide side of an emoji's drawing in pixels
 * @throws DatasetError where a folder, pattern or list has no image
 */
export async function expandImages(words: readonly string[], emojiSide: number): Promise<ExpandedImages> {
  const items: ImageItem[] = [];
  const notes: string[] = [];
  const add = (...images: readonly string[]): void => {
    for (const image of images) items.push(imageItem(image, items.length));
  };
  for (const word of words) {
    if (word === '-') {
      const given = await readStandardInput();
      if (Array.isArray(given)) add(...given);
      else items.push({ ...imageItem(given, items.length), id: '-' });
    } else if (isEmojiName(word)) items.push(...emojiImages(word, emojiSide));
    else if (/^(https?|file):\/\//i.test(word)) add(word);
    else if (await isFolder(word)) {
      const { images, note } = await imagesBelow(word);
      add(...images);
      if (note !== undefined) notes.push(note);
    } else if (LIST.test(word) && existsSync(word)) add(...(await readImageList(word)));
    else if (!existsSync(word) && isPattern(word)) add(...(await matching(word)));
    else add(word);
  }
  return { items, notes };
}

function isPattern(word: string): boolean {
  return /[*?]/.test(word) || isDynamicPattern(word); // which takes some names with braces for plain ones
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** Files that are called like images, anywhere below a folder, in the order of their names; hidden ones are left out. */
async function imagesBelow(folder: string): Promise<{ readonly images: readonly string[]; readonly note?: string }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause: Error) => {
    const remedy = 'Check the rights of the folder and of what is below it.';
    throw new DatasetError(`The folder cannot be read: ${cause.message}.`, { where: folder, remedy, cause });
  });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/(^|[\\/])(\.[^.\\/]|__MACOSX|@eaDir)/.test(relative(folder, path)))
    .sort();
  const images = files.filter(isImageName);
  const others = files.length - images.length;
  if (images.length === 0) {
    throw new DatasetError(`The folder has no image${others > 0 ? `, but ${others} other files` : ''}.`, {
      where: folder,
      remedy: 'Name a folder with images, or the files themselves.',
    });
  }
  if (others === 0) return { images };
  const named = files.filter((file) => !isImageName(file)).slice(0, 3);
  const more = others > named.length ? ', …' : '';
  const note = `${folder}: ${others} ${others === 1 ? 'file is' : 'files are'} not called like an image and left out: ${named.join(', ')}${more}`;
  return { images, note };
}

/** Files of a pattern that the shell did not expand. Folders that are called like its beginning are meant as they are, whatever signs they have. */
async function matching(pattern: string): Promise<string[]> {
  const parts = pattern.split('/');
  const fixed = parts.findLastIndex((_, i) => i > 0 && existsSync(parts.slice(0, i).join('/') || '/'));
  const folder = fixed > 0 ? parts.slice(0, fixed).join('/') || '/' : '';
  const rest = parts.slice(Math.max(0, fixed)).join('/');
  const found = await glob(rest, { cwd: folder || '.', expandDirectories: false });
  const files = found.map((file) => join(folder, file)).sort();
  if (files.length > 0) return files;
  if (!/[*?]/.test(pattern)) return [pattern]; // the name of a file that is not there, such as photo[1].jpg
  throw new DatasetError(`No file matches ${pattern}.`, { where: pattern, remedy: 'Check the pattern.' });
}
