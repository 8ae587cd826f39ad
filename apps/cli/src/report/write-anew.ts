import { rm, writeFile } from 'node:fs/promises';

/** Writes a file in the place of what is there: in a folder from somewhere else that may be a link to a file of the user. */
export async function writeAnew(file: string, content: string | Uint8Array): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, content, { flag: 'wx' });
}
