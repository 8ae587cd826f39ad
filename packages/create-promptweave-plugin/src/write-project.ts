import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from './fault.js';

/** @throws Fault where the folder holds anything but a git repository without files, or cannot be looked into */
export function checkFolder(folder: string): void {
  const first = firstEntry(folder);
  if (first === undefined) return;
  throw new Fault(
    `The folder ${folder} is not empty (${first}), and nothing is overwritten.`,
    'Name another folder, or empty this one.',
  );
}

/** Something that stands in the folder; undefined where it is empty or not there. */
function firstEntry(folder: string): string | undefined {
  try {
    return readdirSync(folder).find((name) => name !== '.git');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const reason = code === 'ENOTDIR' ? 'it is a file, or lies in one' : message;
    throw new Fault(`${folder} cannot be the folder: ${reason}.`, 'Name a folder that is not there yet.');
  }
}

/** Writes the files of a project. @throws Fault where that fails; nothing is overwritten */
export function writeProject(folder: string, files: ReadonlyMap<string, string>): void {
  for (const [path, text] of files) {
    const file = join(folder, path);
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text, { flag: 'wx' });
    } catch (error) {
      throw new Fault(
        `${file} cannot be written: ${(error as Error).message}.`,
        'Name a folder that you may write to.',
      );
    }
  }
}
