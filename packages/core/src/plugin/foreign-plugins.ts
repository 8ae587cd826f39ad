import { existsSync, realpathSync } from 'node:fs';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { PluginError } from './plugin-error.js';
import { parsePluginName, type PluginName } from './plugin-name.js';

/**
 * Where a configuration was not written or named by the person at the keyboard: it lies in the folder of a run, on a registry, in an archive.
 * Plugins are code, so what it lists is loaded only where that person's own command allows it, and then from that person's own place.
 */
export interface ForeignConfiguration {
  /** Modules that the command allows: npm packages, and files by paths that refer to the working directory. */
  readonly allowed: readonly string[];
  /** Folder that the configuration lies in, from which nothing is loaded unless its path is allowed. */
  readonly place: string;
}

/**
 * The module to load for one that a foreign configuration lists.
 * @param folder that relative paths of the configuration refer to
 * @throws PluginError where it is not allowed; the remedy says what to type
 */
export function allowedModule(name: string, folder: string, { allowed, place }: ForeignConfiguration): PluginName {
  const wanted = parsePluginName(name, folder);
  const own = allowed.map((module) => parsePluginName(module, '.'));
  if ('package' in wanted) {
    if (own.some((module) => 'package' in module && module.package === wanted.package)) return wanted;
    throw refused(name, `If you trust the package ${name}, add to the command: --plugin ${name}`);
  }
  const files = own.flatMap((module) => ('file' in module ? [module.file] : []));
  const same = files.find((file) => real(file) === real(wanted.file));
  const alike = files.filter((file) => basename(file) === basename(wanted.file));
  const file = same ?? (alike.length === 1 ? alike[0] : undefined);
  if (file !== undefined) return { file };
  const path = isWithin(wanted.file, place) || !existsSync(wanted.file) ? undefined : relative('.', wanted.file);
  const typed =
    path === undefined
      ? `PATH/${basename(wanted.file)}`
      : isAbsolute(path) || path.startsWith('.')
        ? path
        : `./${path}`;
  throw refused(name, `If it is yours, or you trust it, name your file of it: --plugin ${typed}`);
}

function refused(name: string, remedy: string): PluginError {
  const message = `The plugin module ${name} is code, which is not run because a folder or a registry names it.`;
  return new PluginError(name, message, { remedy });
}

function isWithin(file: string, folder: string): boolean {
  const way = relative(real(folder), real(file));
  return !isAbsolute(way) && !way.startsWith('..');
}

function real(path: string): string {
  return existsSync(path) ? realpathSync(path) : resolve(path);
}
