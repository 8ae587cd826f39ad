import { join, posix } from 'node:path';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { FileImage } from './file-image.js';
import { isImageName, listFolder } from './list-folder.js';
import { listClassFolders } from './listing-cache.js';

/** Class folders and, on request, the images in them. */
export interface ClassFolders {
  readonly folders: readonly string[];
  /** Makes the items, class by class; they are not kept. */
  images(labelOf: (folder: string) => number): ImageItem[];
}

/** Lists folders of images, one a class, through the listing cache. Item ids start with `prefix`, a path below `root`. */
export async function listImages(root: string, prefix: string, folders: readonly string[]): Promise<ClassFolders> {
  const listing = await listClassFolders(join(root, prefix), folders);
  return {
    folders,
    images: (labelOf) =>
      listing.flatMap(({ folder, files }) => {
        const names = files.split('\n').filter(isImageName);
        if (names.length === 0) {
          throw new DatasetError('The class folder holds no images.', {
            where: join(root, prefix, folder),
            remedy: 'Add images, or remove the folder.',
          });
        }
        const path = posix.join(prefix, folder);
        const label = labelOf(folder);
        return names.map((name) => new FileImage(root, `${path}/${name}`, label));
      }),
  };
}

/** All class folders below `root/prefix`, sorted. */
export async function readClassFolders(root: string, prefix: string): Promise<ClassFolders> {
  const { folders } = await listFolder(join(root, prefix));
  if (folders.length === 0) {
    throw new DatasetError('There are no class folders.', {
      where: join(root, prefix),
      remedy: 'Put the images of each class in a folder of its own there.',
    });
  }
  return listImages(root, prefix, folders);
}
