import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckpointError } from '@promptweave/core';
import type { ModelFile } from '@promptweave/web';
import { writeBundle, type Precision } from '../bundle/bundle.js';

/** The model beside the page. */
const MODEL = 'model.safetensors';
const INDEX = 'index.html';

/**
 * Writes a folder with a page that predicts in the browser, for any web server. A folder that holds something else is refused; an earlier
 * page is replaced.
 * @throws CheckpointError where it cannot be written
 */
export async function writeWeb(folder: string, model: ModelFile, precision: Precision = 'float32'): Promise<void> {
  const page = dirname(fileURLToPath(import.meta.resolve(`@promptweave/web/page/${INDEX}`)));
  if (!existsSync(join(page, INDEX))) {
    throw new CheckpointError('The page is not built.', { where: page, remedy: 'Build it: npm run build.' });
  }
  try {
    await mkdir(folder, { recursive: true });
    const there = await readdir(folder);
    if (there.length > 0 && !(there.includes(INDEX) && there.includes(MODEL))) {
      throw new CheckpointError('The folder holds something else than an exported page.', {
        where: folder,
        remedy: 'Name a new folder.',
      });
    }
    await writeBundle(join(folder, MODEL), model, precision);
    for (const file of await readdir(page)) await copyFile(join(page, file), join(folder, file));
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(`Cannot write the page: ${(cause as Error).message}.`, {
      where: folder,
      remedy: 'Check that you may write there, and that the disk has room.',
      cause,
    });
  }
}
