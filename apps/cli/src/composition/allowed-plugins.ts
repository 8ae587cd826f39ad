import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { ConfigError } from '@promptweave/core';
import { defaultPlugins, namesFile, parsePluginName, PluginError, type Registry } from '@promptweave/core/experiment';
import { z } from 'zod';

/** Variable by which a sweep tells its own processes, also on other machines, what its command allows: a list of modules as JSON. */
export const ALLOWED = 'PROMPTWEAVE_PLUGINS';

/**
 * The modules that this command allows configurations from somewhere else to load: those of `--plugin`, and of the sweep that started it.
 * @throws ConfigError where one is neither a package nor a file that is there
 */
export function allowedPlugins(flags: readonly string[] = []): string[] {
  for (const name of flags) {
    const where = '--plugin';
    try {
      const named = parsePluginName(name, '.');
      if ('package' in named || existsSync(named.file)) continue;
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      throw new ConfigError(error.message, { where, remedy: error.remedy, cause: error });
    }
    throw new ConfigError(`There is no plugin file ${name}.`, { where, remedy: 'Name your own file of it.' });
  }
  return [...flags, ...allowedByParent()];
}

/** From here on, processes that this one starts may load the plugins of a configuration that the user named. */
export function allowForChildren(registry: Registry, folder: string): void {
  const modules = ownModules(registry).map((name) => (namesFile(name) ? fileOf(name, folder) : name));
  if (modules.length > 0) process.env[ALLOWED] = JSON.stringify([...new Set([...allowedByParent(), ...modules])]);
}

/** Modules of plugins that do not come with promptweave, as the configuration names them. */
export function ownModules(registry: Registry): string[] {
  const modules = new Set(registry.entries.map(({ module }) => module));
  return [...modules].filter((name) => !defaultPlugins.includes(name) && name !== '@promptweave/core');
}

/** Modules of plugins that do not come with promptweave: packages, and files by their paths from the working directory. */
export function namedModules(registry: Registry, folder: string): string[] {
  return ownModules(registry).map((name) => {
    const file = namesFile(name) ? relative('', fileOf(name, folder)) : undefined;
    return file === undefined ? name : isAbsolute(file) || file.startsWith('.') ? file : `./${file}`;
  });
}

/** The words by which a command allows a run the plugins of its own configuration, from the working directory. */
export function pluginWords(registry: Registry, folder: string): string[] {
  return namedModules(registry, folder).flatMap((name) => ['--plugin', name]);
}

function fileOf(name: string, folder: string): string {
  const named = parsePluginName(name, folder);
  return 'file' in named ? resolve(named.file) : name;
}

function allowedByParent(): string[] {
  const text = process.env[ALLOWED];
  if (!text) return [];
  try {
    return z.array(z.string()).parse(JSON.parse(text));
  } catch (cause) {
    const remedy = 'Unset it, or write a list such as ["my-package"].';
    throw new ConfigError(`${ALLOWED} is no list of modules as JSON.`, { where: 'environment', remedy, cause });
  }
}
