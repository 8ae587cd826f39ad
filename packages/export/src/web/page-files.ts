import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '@promptweave/core';

/** Lists what an export wrote into a folder, so that the next one takes away nothing else. */
export const LIST = 'promptweave-page.json';

/**
 * Names of the files that an earlier export wrote into a folder; none where it is empty.
 * @throws CheckpointError where the folder holds something else than a page, or another file has the name of a new one
 */
export async function earlierFiles(folder: string, files: readonly string[]): Promise<readonly string[]> {
  const there = await readdir(folder);
  if (there.length === 0) return [];
  const earlier = there.includes(LIST) ? await readList(folder) : undefined;
  const foreign = earlier && files.find((file) => there.includes(file) && !earlier.includes(file));
  if (earlier && foreign === undefined) return earlier;
  throw new CheckpointError(
    foreign === undefined
      ? 'The folder holds something else than an exported page.'
      : `The folder has another ${foreign}, which no export wrote.`,
    { where: folder, remedy: 'Name a new folder.' },
  );
}

export async function writeList(folder: string, files: readonly string[]): Promise<void> {
  await writeFile(
    join(folder, LIST),
    `${JSON.stringify({ format: 1, files: [...new Set(files)].sort() }, undefined, 2)}\n`,
  );
}

async function readList(folder: string): Promise<readonly string[] | undefined> {
  try {
    const { format, files } = JSON.parse(await readFile(join(folder, LIST), 'utf8')) as {
      format: unknown;
      files: unknown;
    };
    return format === 1 && Array.isArray(files) && files.every(isPlainName) ? files : undefined;
  } catch {
    return undefined; // no list of ours
  }
}

/** Whether it names a file of the folder itself. */
function isPlainName(name: unknown): name is string {
  return typeof name === 'string' && /^[\w-][\w.-]*$/.test(name);
}
