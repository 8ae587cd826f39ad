import { resolve as resolvePath } from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolve as resolveModule } from 'import-meta-resolve';
import { suggestion } from '../config/nearest-name.js';
import { ConfigError } from '../errors.js';
import { checkPlugin } from './check-plugin.js';
import { moduleVersion } from './module-version.js';
import { Registry, type RegisteredPlugin } from './registry.js';

/** The modules that are loaded where a configuration lists none. */
export const defaultPlugins: readonly string[] = [
  '@promptweave/backbone-clip',
  '@promptweave/method-coop',
  '@promptweave/method-maple',
  '@promptweave/method-comma',
  '@promptweave/method-lamm',
  '@promptweave/datasets',
  '@promptweave/bench',
  '@promptweave/tracking',
];

/** Stands for the default modules in a list of plugins. */
export const DEFAULT_PLUGINS = 'default';

/** A module that could not be used as plugins. */
export class PluginError extends ConfigError {
  constructor(
    readonly module: string,
    message: string,
    details: { remedy?: string; cause?: unknown } = {},
  ) {
    super(message, { where: 'plugins', ...details });
  }
}

/**
 * Loads plugin modules and core's own plugins.
 *
 * @param names npm packages, local `.js` or `.mjs` files, and `default` for the default modules. A package is looked for from `folder`, then
 *   from the working directory, then from `installation`.
 * @param folder what relative files refer to: the folder of the configuration.
 * @param installation URL of a module of the calling program.
 * @throws PluginError for the first module that cannot be found, cannot be loaded or has no valid plugins; ConfigError
 *   where two plugins have the same kind and name.
 */
export async function loadPlugins(
  names: readonly string[],
  folder: string,
  installation: string = import.meta.url,
): Promise<Registry> {
  const loaded: RegisteredPlugin[] = [];
  for (const name of expandDefault(names)) {
    const { module, url } = await importModule(name, [folderUrl(folder), folderUrl('.'), installation]);
    if (!Array.isArray(module['plugins'])) {
      throw new PluginError(name, `The module ${name} exports no array \`plugins\`.`, {
        remedy: 'Export one: export const plugins = [definePlugin({ … })].',
      });
    }
    for (const [entry, plugin] of module['plugins'].entries()) {
      const fault = checkPlugin(plugin);
      if (fault) throw new PluginError(name, `plugins[${entry}] of the module ${name} is not a plugin: ${fault}`);
      loaded.push({ plugin, module: name, version: moduleVersion(url) });
    }
  }
  return new Registry(loaded);
}

/** The list with `default` replaced by the default modules. */
export function expandDefault(names: readonly string[]): string[] {
  return names.flatMap((name) => (name === DEFAULT_PLUGINS ? defaultPlugins : [name]));
}

async function importModule(name: string, bases: string[]): Promise<{ module: Record<string, unknown>; url: string }> {
  const url = /^(\.{0,2}\/|file:)|\.m?js$/.test(name) ? new URL(name, bases[0]).href : findPackage(name, bases);
  try {
    return { module: (await import(/* @vite-ignore */ url)) as Record<string, unknown>, url };
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    if (missing && String(cause).includes(new URL(url).pathname)) {
      throw new PluginError(name, `There is no plugin file ${name}.`, { cause });
    }
    throw new PluginError(name, `The plugin module ${name} failed to load: ${String(cause)}`, { cause });
  }
}

function findPackage(name: string, bases: string[]): string {
  for (const base of bases) {
    try {
      return resolveModule(name, base);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ERR_MODULE_NOT_FOUND') {
        throw new PluginError(name, `The plugin package ${name} cannot be loaded: ${(error as Error).message}`);
      }
    }
  }
  const nearest = suggestion(name, defaultPlugins, '');
  throw new PluginError(name, `There is no installed package ${name}.${nearest.includes('?') ? nearest : ''}`, {
    remedy: `Install it: npm install ${name}`,
  });
}

function folderUrl(folder: string): string {
  return `${pathToFileURL(resolvePath(folder)).href}/`;
}
