import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from './fault.js';

/** @throws Fault where the folder holds anything but a git repository without files */
export function checkFolder(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isDirectory()) throw new Fault(`${folder} is a file.`, 'Name a folder that is not there yet.');
  const [first] = readdirSync(folder).filter((name) => name !== '.git');
  if (first === undefined) return;
  throw new Fault(
    `The folder ${folder} is not empty (${first}), and nothing is overwritten.`,
    'Name another folder, or empty this one.',
  );
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
