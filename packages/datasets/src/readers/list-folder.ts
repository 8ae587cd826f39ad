import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatasetError } from '@promptweave/core';

/** What lies directly in a folder, sorted as Python sorts strings (by code point), hidden entries left out. */
export interface FolderListing {
  readonly folders: string[];
  readonly files: string[];
  /** Entries that are passed over as no data though they hold images: hidden ones, and folders that systems make beside data. */
  readonly hidden: HiddenImages;
}

/** Images that are passed over, by the entry that hides them: `{ '@eaDir': 12 }`. */
export type HiddenImages = Readonly<Record<string, number>>;

const IMAGE_EXTENSION = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|hei[cf]|hif|bmp|dib|svg)$/i;
/** What file managers, archives, network drives and notebooks leave beside people's files. */
const NO_DATA =
  /^(\..*|__MACOSX|@eaDir|@__thumb|@Recycle|#recycle|\$RECYCLE\.BIN|System Volume Information|lost\+found|__pycache__|Thumbs\.db|ehthumbs\.db|desktop\.ini)$/i;
/** A Mac's notes on a file, called like the file. */
const MAC_NOTES = /^\._/;

/** True for names that look like images; other files in a class folder (notes, thumbnails' databases) are no data. */
export function isImageName(name: string): boolean {
  return IMAGE_EXTENSION.test(name);
}

function decodeName(name: Buffer, folder: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(name);
  } catch (cause) {
    throw new DatasetError(`A file name is not UTF-8: ${JSON.stringify(name.toString('latin1'))}.`, {
      where: folder,
      remedy: 'Rename the file with characters in UTF-8.',
      cause,
    });
  }
}

/** Lists a folder; links count as what they point to. @throws DatasetError naming what is missing, odd or a loop. */
export async function listFolder(folder: string): Promise<FolderListing> {
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (cause) {
    throw new DatasetError('The folder is missing or cannot be read.', {
      where: folder,
      remedy: 'Check the path and that the data set is unpacked there.',
      cause,
    });
  }
  const folders: Buffer[] = [];
  const files: Buffer[] = [];
  const hidden: Record<string, number> = {};
  for (const entry of entries) {
    const plain = entry.name.toString('latin1');
    if (NO_DATA.test(plain)) {
      const images = entry.isDirectory() ? await countImages(join(folder, plain)) : Number(isHiddenImage(plain));
      if (images > 0) hidden[plain] = images;
      continue;
    }
    let target: Pick<Stats, 'isDirectory' | 'isFile'> = entry;
    if (entry.isSymbolicLink()) {
      const path = join(folder, decodeName(entry.name, folder));
      try {
        target = await stat(path);
      } catch (cause) {
        throw new DatasetError('The symbolic link leads nowhere or in a loop.', {
          where: path,
          remedy: 'Repair or remove the link.',
          cause,
        });
      }
    }
    if (!target.isDirectory() && !target.isFile()) {
      throw new DatasetError('The entry is neither a file nor a folder.', {
        where: join(folder, decodeName(entry.name, folder)),
        remedy: 'Remove it.',
      });
    }
    (target.isDirectory() ? folders : files).push(entry.name);
  }
  const sorted = (names: Buffer[]): string[] => names.sort(Buffer.compare).map((name) => decodeName(name, folder));
  return { folders: sorted(folders), files: sorted(files), hidden };
}

function isHiddenImage(name: string): boolean {
  return isImageName(name) && !MAC_NOTES.test(name);
}

/** Images somewhere below a folder that is no data; 0 where that cannot be looked at. */
async function countImages(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  return names.filter((name) => isHiddenImage(basename(name))).length;
}
