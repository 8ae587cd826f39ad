import { DatasetError } from '@promptweave/core';
import { readDataText } from './file-image.js';

/** Lines of a text file, without the empty ones. */
export async function readLines(file: string): Promise<string[]> {
  return (await readDataText(file))
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/**
 * Reads `classnames.txt`: a folder and its class name a line ("n01440764 tench").
 *
 * @throws DatasetError for a file without a line, a line without a name, and a folder that is named twice
 */
export async function readClassNames(file: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const line of await readLines(file)) {
    const gap = line.indexOf(' ');
    if (gap < 0) {
      throw new DatasetError(`The line ${JSON.stringify(line)} has no class name.`, {
        where: file,
        remedy: 'Write a folder, a space and the class name on every line.',
      });
    }
    const folder = line.slice(0, gap);
    if (names.has(folder)) {
      throw new DatasetError(`The folder ${folder} is named twice.`, {
        where: file,
        remedy: 'Remove one of the lines.',
      });
    }
    names.set(folder, line.slice(gap + 1).trim());
  }
  if (names.size === 0) {
    throw new DatasetError('The file names no class.', {
      where: file,
      remedy: 'Write a folder, a space and the class name on every line, or fetch the file again.',
    });
  }
  return names;
}

/** The class names of some folders, in their order. @throws DatasetError for a folder without a name. */
export function namesOfFolders(
  folders: readonly string[],
  names: ReadonlyMap<string, string>,
  where: string,
): string[] {
  return folders.map((folder) => {
    const name = names.get(folder);
    if (name !== undefined) return name;
    throw new DatasetError(`The folder ${folder} has no class name.`, {
      where,
      remedy: "Add a line with its name, or use the data set's own classnames.txt.",
    });
  });
}
