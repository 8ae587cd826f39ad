import { existsSync, statSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolve as resolveModule } from 'import-meta-resolve';
import { suggestion } from '../config/nearest-name.js';
import { allowedModule, type ForeignConfiguration } from './foreign-plugins.js';
import { importPlugins } from './import-plugins.js';
import { PluginError } from './plugin-error.js';
import { parsePluginName } from './plugin-name.js';
import { Registry } from './registry.js';

/** The modules that are loaded where a configuration lists none. */
export const defaultPlugins: readonly string[] = [
  '@promptweave/backbone-clip',
  '@promptweave/method-coop',
  '@promptweave/method-maple',
  '@promptweave/method-comma',
  '@promptweave/method-lamm',
  '@promptweave/method-promptsrc',
  '@promptweave/method-prograd',
  '@promptweave/method-tcp',
  '@promptweave/method-mmrl',
  '@promptweave/method-dept',
  '@promptweave/head-adapters',
  '@promptweave/head-linear-probe',
  '@promptweave/method-lora',
  '@promptweave/method-mma',
  '@promptweave/datasets',
  '@promptweave/bench',
  '@promptweave/tracking',
];

/** Stands for the default modules in a list of plugins. */
export const DEFAULT_PLUGINS = 'default';

/**
 * Loads plugin modules and core's own plugins.
 *
 * @param names npm packages, local `.js` or `.mjs` files, and `default` for the default modules. A package is looked for from `folder`, then
 *   from the working directory, then from `installation`.
 * @param folder what relative files refer to: the folder of the configuration.
 * @param installation URL of a module of the calling program.
 * @param foreign where the configuration comes from somewhere else: what it lists is loaded only where it is allowed.
 * @throws PluginError for the first module that may not be loaded, cannot be found, cannot be loaded or has no valid plugins; ConfigError
 *   where two plugins have the same kind and name.
 */
export async function loadPlugins(
  names: readonly string[],
  folder: string,
  installation: string = import.meta.url,
  foreign?: ForeignConfiguration,
): Promise<Registry> {
  const modules = expandDefault(names);
  // All at once: most of the time goes by with reading files.
  const loading = modules.map(async (name) => importPlugins(name, locateModule(name, folder, installation, foreign)));
  await Promise.allSettled(loading); // what is told is the error of the first in the list, whichever was first to fail
  const loaded = (await Promise.all(loading)).flat();
  const missing = defaultPlugins.filter((name) => !modules.includes(name));
  return new Registry(loaded, missing);
}

/** The list with `default` replaced by the default modules, and each module once. */
export function expandDefault(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => (name === DEFAULT_PLUGINS ? defaultPlugins : [name])))];
}

/** URL of a module's file; see `loadPlugins` for what it is given. */
export function locateModule(
  name: string,
  folder: string,
  installation: string,
  foreign?: ForeignConfiguration,
): string {
  if (foreign && defaultPlugins.includes(name)) return findPackage(name, [installation]);
  const found = foreign ? allowedModule(name, folder, foreign) : parsePluginName(name, folder);
  if ('file' in found) return fileUrl(name, found.file);
  const bases = foreign ? [folderUrl('.'), installation] : [folderUrl(folder), folderUrl('.'), installation];
  return findPackage(name, bases);
}

function fileUrl(name: string, file: string): string {
  if (!existsSync(file)) throw new PluginError(name, `There is no plugin file ${name}.`);
  const found = statSync(file);
  const remedy = 'Name a .js or .mjs file that exports an array `plugins`.';
  if (found.isDirectory()) throw new PluginError(name, `The plugin file ${name} is a folder.`, { remedy });
  if (!found.isFile()) throw new PluginError(name, `${name} is no file.`, { remedy });
  if (/\.json$/i.test(file)) throw new PluginError(name, `${name} is JSON, which has no plugins in it.`, { remedy });
  return pathToFileURL(file).href;
}

function findPackage(name: string, bases: string[]): string {
  for (const base of bases) {
    try {
      const url = resolveModule(name, base);
      if (url.startsWith('file:')) return url;
      throw new PluginError(name, `${name} is a part of Node.js, which has no plugins in it.`);
    } catch (error) {
      if (error instanceof PluginError) throw error;
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ERR_MODULE_NOT_FOUND') {
        throw new PluginError(name, `The plugin package ${name} cannot be loaded: ${(error as Error).message}`);
      }
    }
  }
  const nearest = suggestion(
    name,
    defaultPlugins.filter((known) => known !== name),
    '',
  );
  throw new PluginError(name, `There is no installed package ${name}.${nearest.includes('?') ? nearest : ''}`, {
    remedy: `Install it: npm install ${name}`,
  });
}

function folderUrl(folder: string): string {
  return `${pathToFileURL(resolvePath(folder)).href}/`;
}
