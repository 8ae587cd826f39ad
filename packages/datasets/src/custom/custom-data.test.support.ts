import type { Dataset } from '@promptweave/core';
import { basicServices } from '@promptweave/core/experiment';
import { beforeAll, vi } from 'vitest';
import { plugins } from '../plugins.js';
import { picture, useTrees, type WriteTree } from '../tree.test.helper.js';

/** An image, whatever it shows. */
export const png = await picture(5);

/** For a test file: writes data of somebody's own, with a cache apart from the user's. */
export function useOwnData(): WriteTree {
  const writeTree = useTrees();
  beforeAll(async () => {
    vi.stubEnv('PROMPTWEAVE_CACHE', await writeTree({}));
  });
  return writeTree;
}

/** Reads as an experiment does: by plugin name and options. */
export async function read(use: string, folder: string, options: Record<string, unknown>, seed = 1): Promise<Dataset> {
  const plugin = plugins.find(({ name }) => name === use);
  if (plugin?.kind !== 'dataset') throw new Error(`no data set plugin ${use}`);
  return plugin.create({ folder, seed, services: basicServices(seed) }, plugin.options.parse(options));
}

/** `count` images in each class folder. */
export function images(prefix: string, classes: string[], count: number): Record<string, Buffer> {
  return Object.fromEntries(
    classes.flatMap((name) => Array.from({ length: count }, (_, i) => [`${prefix}${name}/${i}.png`, png])),
  );
}
