import { DatasetError } from '@promptweave/core';
import { checkName } from './check-name.js';
import { readDataText } from './file-image.js';
import { counted, named } from './left-out.js';
import { quoted } from './quoted.js';

/** A line of a text file, trimmed, and where it stands: `FILE, line 3`. */
export interface Line {
  readonly text: string;
  readonly where: string;
}

/** Lines of a text file, without the empty ones. */
export async function readLines(file: string): Promise<Line[]> {
  return (await readDataText(file))
    .split(/\r\n?|\n/)
    .map((line, i) => ({ text: line.trim(), where: `${file}, line ${i + 1}` }))
    .filter(({ text }) => text !== '');
}

const REMEDY = 'Write a folder, a space (or a tab, where folders have spaces) and the class name on every line.';

/**
 * Reads `classnames.txt`: a folder and its class name a line ("n01440764 tench").
 *
 * @returns names by folder in Unicode's composed form, for a Mac writes file names in another one than texts
 * @throws DatasetError for a file without a line, a line without a name, and a folder that is named twice
 */
export async function readClassNames(file: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const { text, where } of await readLines(file)) {
    const gap = text.search(text.includes('\t') ? /\t/ : / /);
    if (gap < 0) throw new DatasetError(`The line ${quoted(text)} has no class name.`, { where, remedy: REMEDY });
    const folder = text.slice(0, gap).trim().normalize();
    const name = text.slice(gap + 1).trim();
    checkName(name, where);
    if (names.has(folder)) {
      throw new DatasetError(`The folder ${quoted(folder)} is named twice.`, {
        where,
        remedy: 'Remove one of the lines.',
      });
    }
    names.set(folder, name);
  }
  if (names.size === 0) {
    throw new DatasetError('The file names no class.', { where: file, remedy: `${REMEDY} Or fetch the file again.` });
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
    const name = names.get(folder.normalize());
    if (name !== undefined) return name;
    throw new DatasetError(`The folder ${quoted(folder)} has no class name.`, {
      where,
      remedy: "Add a line with its name, or use the data set's own classnames.txt.",
    });
  });
}

/** Says which classes a list names though there is no folder of theirs, or undefined where there are all. */
export function namedInVain(folders: readonly string[], names: ReadonlyMap<string, string>): string | undefined {
  const there = new Set(folders.map((folder) => folder.normalize()));
  const missing = [...names.keys()].filter((folder) => !there.has(folder));
  if (missing.length === 0) return undefined;
  return `classnames.txt names ${counted(missing.length, 'folder')} that ${missing.length === 1 ? 'is' : 'are'} not there: ${named(missing)}.`;
}
