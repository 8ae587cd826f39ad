import { existsSync } from 'node:fs';
import { constants, copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckpointError } from '@promptweave/core';
import type { ModelFile } from '@promptweave/web';
import { writeBundle, type Precision } from '../bundle/bundle.js';
import { earlierFiles, LIST, writeList } from './page-files.js';

/** The model beside the page. */
const MODEL = 'model.safetensors';
const INDEX = 'index.html';

/**
 * Writes a folder with a page that predicts in the browser, for any web server. A folder that holds something else is refused; the files of
 * an earlier page are taken away, and no others.
 * @throws CheckpointError where it cannot be written
 */
export async function writeWeb(folder: string, model: ModelFile, precision: Precision = 'float32'): Promise<void> {
  const page = dirname(fileURLToPath(import.meta.resolve(`@promptweave/web/page/${INDEX}`)));
  if (!existsSync(join(page, INDEX))) {
    throw new CheckpointError('The page is not built.', { where: page, remedy: 'Build it: npm run build.' });
  }
  try {
    await mkdir(folder, { recursive: true });
    const parts = await readdir(page);
    const files = [...parts, MODEL, LIST];
    const earlier = await earlierFiles(folder, files);
    await writeList(folder, [...earlier, ...files]); // first: what is broken off is known to the next one
    const replaced: readonly string[] = [MODEL, LIST]; // whole: the model may be the one that is exported
    for (const file of earlier) if (!replaced.includes(file)) await rm(join(folder, file), { force: true });
    await writeBundle(join(folder, MODEL), model, precision);
    for (const file of parts) await copyFile(join(page, file), join(folder, file), constants.COPYFILE_EXCL);
    await writeList(folder, files);
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(`Cannot write the page: ${(cause as Error).message}.`, {
      where: folder,
      remedy: 'Check that you may write there, and that the disk has room.',
      cause,
    });
  }
}
