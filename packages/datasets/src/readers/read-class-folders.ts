import { join, posix } from 'node:path';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { FileImage } from './file-image.js';
import { endingOf, named, notesOnFolders, tally } from './left-out.js';
import { isImageName, listFolder } from './list-folder.js';
import { listClassFolders, type ClassFiles } from './listing-cache.js';

/** Class folders and, on request, the images in them. */
export interface ClassFolders {
  /** Paths below the folder that was read. */
  readonly folders: readonly string[];
  /** What a person should know: what was left out, and what lies deeper. */
  readonly notes: readonly string[];
  /** Makes the items, class by class; they are not kept. */
  images(labelOf: (folder: string) => number): ImageItem[];
}

/** Lists folders of images, one a class, through the listing cache. Item ids start with `prefix`, a path below `root`. */
export async function listImages(root: string, prefix: string, folders: readonly string[]): Promise<ClassFolders> {
  return classFolders(root, prefix, await listClassFolders(join(root, prefix), folders));
}

function classFolders(root: string, prefix: string, listing: readonly ClassFiles[]): ClassFolders {
  return {
    folders: listing.map(({ folder }) => folder),
    notes: notesOnFolders(prefix === '.' ? '' : `${prefix}/`, listing),
    images: (labelOf) =>
      listing.flatMap(({ folder, files }) => {
        const names = files.split('\n').filter(isImageName);
        if (names.length === 0) throw withoutImages(join(root, prefix, folder), files);
        const path = posix.join(prefix, folder);
        const label = labelOf(folder);
        return names.map((name) => new FileImage(root, `${path}/${name}`, label));
      }),
  };
}

function withoutImages(where: string, files: string): DatasetError {
  const others = files === '' ? [] : files.split('\n');
  const found = others.length === 0 ? 'it is empty' : `its files are ${tally(others.map(endingOf))}`;
  return new DatasetError(`The class folder holds no images that are read: ${found}.`, {
    where,
    remedy:
      'Add images (JPEG, PNG, WebP, GIF, TIFF, AVIF, HEIC, BMP, SVG), convert those that are there, or remove the folder.',
  });
}

/**
 * All class folders below `root/prefix`, sorted.
 *
 * @param level 1 for the folders there, 2 for the folders in them, …; undefined where nobody said, so that folders which may
 * be groups of classes are refused
 */
export async function readClassFolders(root: string, prefix: string, level?: number): Promise<ClassFolders> {
  const base = join(root, prefix);
  const folders = await foldersAt(base, level ?? 1);
  if (folders.length === 0) {
    const { files } = await listFolder(base);
    const images = files.filter(isImageName).length;
    const found = images > 0 ? `, but ${images} images without a class` : '';
    throw new DatasetError(`There are no class folders${found}.`, {
      where: base,
      remedy: 'Put the images of each class in a folder of its own there.',
    });
  }
  const listing = await listClassFolders(base, folders);
  if (level === undefined) refuseGroups(base, listing);
  return classFolders(root, prefix, listing);
}

/** Folders at a level below a folder, as paths, sorted. */
async function foldersAt(base: string, level: number): Promise<string[]> {
  let paths = [''];
  for (let depth = 0; depth < level; depth++) {
    const below = await Promise.all(
      paths.map(async (path) => (await listFolder(join(base, path))).folders.map((name) => posix.join(path, name))),
    );
    paths = below.flat();
  }
  return paths;
}

/**
 * Refuses folders that hold nothing but folders, none of them called like one beside it: groups of classes (animals/cat,
 * vehicles/car; c/cat, d/dog) and classes in parts (cat/monday, dog/tuesday) look alike.
 */
function refuseGroups(base: string, listing: readonly ClassFiles[]): void {
  const direct = listing.some(({ files }) =>
    files.split('\n').some((name) => !name.includes('/') && isImageName(name)),
  );
  const inner = listing.flatMap(({ folder, below }) =>
    below.filter((path) => !path.includes('/')).map((name) => ({ name, path: `${folder}/${name}` })),
  );
  const repeats = new Set(inner.map(({ name }) => name)).size < inner.length;
  if (direct || repeats || inner.length === 0) return;
  throw new DatasetError(
    `The ${listing.length} folders (${named(listing.map(({ folder }) => folder))}) hold no images themselves, but ` +
      `${inner.length} folders: ${named(inner.map(({ path }) => path))}.`,
    {
      where: base,
      remedy:
        'Set dataset.level=2 if the folders below are the classes, dataset.level=1 if they are parts of the classes above.',
    },
  );
}
