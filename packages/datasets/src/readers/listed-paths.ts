import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import { DatasetError } from '@promptweave/core';
import { checkRelativePath } from './file-image.js';
import { counted } from './left-out.js';
import { quoted } from './quoted.js';

const ADDRESS = /^[a-z][a-z\d+.-]*:\/\//i;

/**
 * Reads the paths of one list, as people write them: relative to the folder of the images, with slashes or Windows'
 * backslashes, or absolute where they lie in the folder.
 */
export class ListedPaths {
  private real?: string;
  private keepsBackslash?: boolean;
  private absolute = 0;
  private backslashed = 0;

  /** @param root absolute path of the folder of the images */
  constructor(private readonly root: string) {}

  /** The path from the folder of the images, with slashes. @throws DatasetError where it does not lie in the folder */
  read(path: string, where: string): string {
    if (ADDRESS.test(path)) {
      throw new DatasetError(`The path ${quoted(path)} is an address, not a file.`, {
        where,
        remedy: 'Download the images, and give the paths of the files.',
      });
    }
    return checkRelativePath(this.toRelative(this.withSlashes(path)), where);
  }

  /** What a person should know of how the paths were read. */
  notes(): string[] {
    return [
      ...(this.absolute > 0
        ? [`${counted(this.absolute, 'absolute path')} inside the folder of the images taken relative to it.`]
        : []),
      ...(this.backslashed > 0
        ? [`Backslashes in ${counted(this.backslashed, 'path')} read as Windows' separators of folders.`]
        : []),
    ];
  }

  /** Elsewhere than on Windows a name may hold a backslash: such a file decides for the whole list. */
  private withSlashes(path: string): string {
    if (!path.includes('\\') || path.includes('\0')) return path;
    this.keepsBackslash ??= process.platform !== 'win32' && existsSync(isAbsolute(path) ? path : join(this.root, path));
    if (this.keepsBackslash) return path;
    this.backslashed += 1;
    return path.replaceAll('\\', '/');
  }

  private toRelative(path: string): string {
    if (!isAbsolute(path)) return path;
    this.real ??= realOf(this.root);
    for (const root of [this.root, this.real]) {
      const below = relative(root, path).replaceAll(sep, '/');
      if (below !== '' && !/^\.\.(\/|$)/.test(below) && !isAbsolute(below)) {
        this.absolute += 1;
        return below;
      }
    }
    return path;
  }
}

/** The folder behind links; absolute paths may be written either way. */
function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder; // not there: told when an image is looked for
  }
}
