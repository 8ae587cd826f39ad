import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PluginError } from './plugin-error.js';

/** A module with plugins as a configuration names it: an npm package, or a file of this machine. */
export type PluginName = { readonly package: string } | { readonly file: string };

/** Whether a name means a file rather than an npm package. */
export function namesFile(name: string): boolean {
  return isAbsolute(name) || /^\.{0,2}[/\\]|^\.{1,2}$|^file:|\.([cm]?[jt]s|json)$/i.test(name);
}

/**
 * What a name means. There is nothing besides packages and files: an address of code (`data:`, `https:`, `node:`, …) is none.
 *
 * @param folder that relative paths refer to
 * @throws PluginError where the name is neither
 */
export function parsePluginName(name: string, folder: string): PluginName {
  const remedy = 'Name an npm package, or a .js or .mjs file by its path.';
  const shown = JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
  if (name.trim() === '') throw new PluginError(name, 'The name of a plugin module is empty.', { remedy });
  if (name.includes('\0')) throw new PluginError(name, `${shown} is no name of a plugin module.`, { remedy });
  if (/^file:/i.test(name)) {
    try {
      return { file: fileURLToPath(name) };
    } catch (cause) {
      const message = `The plugin address ${shown} cannot be read: ${(cause as Error).message}.`;
      throw new PluginError(name, message, { remedy, cause });
    }
  }
  if (!isAbsolute(name) && /^[a-z][a-z\d+.-]*:/i.test(name)) {
    const message = `${shown} is an address of code, which is never loaded: plugins are npm packages and files.`;
    throw new PluginError(name, message, { remedy });
  }
  if (namesFile(name)) return { file: resolve(folder, name) };
  if (/^(@[\w.~-]+\/)?[\w~-][\w.~-]*(\/[\w~-][\w.~-]*)*$/.test(name)) return { package: name };
  throw new PluginError(name, `${shown} is no name of an npm package.`, { remedy });
}
