import { existsSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { ConfigError } from '@promptweave/core';
import { suggestion, type Registry, type ResolvedPart } from '@promptweave/core/experiment';

/** Readers of files, by their ending. */
const READERS: Readonly<Record<string, string>> = {
  '.csv': 'table',
  '.tsv': 'table',
  '.jsonl': 'table',
  '.ndjson': 'table',
  '.json': 'split',
};

/**
 * A data set as a command line names it: a plugin's name, or the path of a folder of class folders, a table or a split file.
 *
 * @param data root folder of the papers' data sets
 * @param flag names the option in errors
 * @throws ConfigError where there is neither a data set nor a file of this name, or it is one of the papers' and there is no root
 */
export function datasetChoice(
  name: string,
  registry: Registry,
  { data, flag }: { readonly data?: string; readonly flag: string },
): ResolvedPart {
  const plugin = registry.find('dataset', name);
  if (plugin && 'path' in plugin.options.shape && !existsSync(name)) {
    throw new ConfigError(`The data set ${name} needs a path.`, {
      where: flag,
      remedy: 'Name the folder of your images, or the table or split file, itself: --datasets ./photos.',
    });
  }
  if (plugin && !('path' in plugin.options.shape)) {
    if (!('root' in plugin.options.shape)) return { use: name };
    if (data === undefined) {
      throw new ConfigError(`The data set ${name} is read from files.`, {
        where: '--data',
        remedy: 'Name the folder that holds the data sets: --data DIR.',
      });
    }
    return { use: name, root: resolve(data) };
  }
  if (existsSync(name)) {
    const use = statSync(name).isDirectory() ? 'folder' : READERS[extname(name).toLowerCase()];
    if (use) return { use, path: resolve(name) };
  }
  const message = `There is no data set called "${name}", and no folder, .csv, .tsv, .jsonl or .json file at that path.`;
  throw new ConfigError(message + suggestion(name, registry.names('dataset'), 'There are'), { where: flag });
}

/** What tables call a data set: its name, or that of its folder or of its file without the ending. */
export function datasetName(choice: unknown): string {
  if (typeof choice !== 'object' || choice === null || !('use' in choice)) return String(choice);
  if ('path' in choice && typeof choice.path === 'string') {
    const ending = extname(choice.path);
    return basename(choice.path, READERS[ending.toLowerCase()] === choice.use ? ending : '');
  }
  return String(choice.use);
}

/** Whether a data set is a user's own, and only called as it likes. */
export function isOwnData(choice: unknown): boolean {
  return typeof choice === 'object' && choice !== null && 'path' in choice;
}
