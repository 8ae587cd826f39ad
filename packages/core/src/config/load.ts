import { dirname } from 'node:path';
import type { ForeignConfiguration } from '../plugin/foreign-plugins.js';
import { defaultPlugins, DEFAULT_PLUGINS, loadPlugins } from '../plugin/load-plugins.js';
import { PluginError } from '../plugin/plugin-error.js';
import type { Registry } from '../plugin/registry.js';
import type { ResolvedConfiguration } from './configuration.js';
import { describeValue } from './describe-issue.js';
import { inOrder, parseOverride } from './overrides.js';
import { InvalidConfigurationError } from './problems.js';
import { resolveConfiguration, withOverrides } from './resolve.js';
import { readConfiguration, type ConfigurationSource } from './source.js';

/** A resolved configuration with what belongs to it. */
export interface LoadedConfiguration {
  readonly configuration: ResolvedConfiguration;
  readonly registry: Registry;
  /** Folder of the file, which relative paths refer to. */
  readonly folder: string;
}

/**
 * Reads a configuration file, loads its plugins, and resolves it.
 *
 * @param overrides `path=value` each.
 * @param installation URL of a module of the calling program, from which plugins are found, too.
 * @throws ConfigError with every place where something is wrong.
 */
export async function loadConfiguration(
  file: string,
  overrides: readonly string[] = [],
  installation?: string,
): Promise<LoadedConfiguration> {
  const source = await readConfiguration(file);
  const folder = dirname(file);
  const registry = await loadPluginsOf(source, folder, overrides, installation);
  return { configuration: resolveConfiguration(source, { registry, overrides }), registry, folder };
}

/**
 * The plugins of a configuration file, or the default ones where there is no file.
 * @param installation URL of a module of the calling program.
 */
export async function loadRegistry(file: string | undefined, installation?: string): Promise<Registry> {
  if (file === undefined) return loadPlugins([DEFAULT_PLUGINS], '.', installation);
  return loadPluginsOf(await readConfiguration(file), dirname(file), [], installation);
}

/**
 * Loads the plugins that a configuration lists, or the default ones.
 * @param foreign where the configuration is not one that the person at the keyboard wrote or named; what overrides list is allowed
 * @throws InvalidConfigurationError at the entry of the module that is missing, broken, or no plugin.
 */
export async function loadPluginsOf(
  source: ConfigurationSource,
  folder: string,
  overrides: readonly string[] = [],
  installation?: string,
  foreign?: ForeignConfiguration,
): Promise<Registry> {
  const parsed = overrides.map(parseOverride);
  const names = moduleNames(withOverrides(source.value, inOrder(parsed))['plugins'], source);
  const typed = parsed.filter(({ path }) => path[0] === 'plugins').flatMap(({ value }) => value);
  const allowed = typed.filter((name): name is string => typeof name === 'string' && name !== DEFAULT_PLUGINS);
  const trust = foreign && { ...foreign, allowed: [...foreign.allowed, ...allowed] };
  try {
    return await loadPlugins(names, folder, installation, trust);
  } catch (error) {
    if (!(error instanceof PluginError)) throw error;
    const listed = names.indexOf(error.module) >= 0 || !defaultPlugins.includes(error.module);
    const path = ['plugins', names.indexOf(listed ? error.module : DEFAULT_PLUGINS)];
    const problem = { path: path.join('.'), message: error.message, place: source.place(path) };
    throw new InvalidConfigurationError([problem], { remedy: error.remedy, cause: error });
  }
}

function moduleNames(value: unknown, source: ConfigurationSource): string[] {
  const names: unknown[] | undefined =
    value === undefined ? [DEFAULT_PLUGINS] : Array.isArray(value) ? value : undefined;
  const wrong = names?.findIndex((name) => typeof name !== 'string');
  if (wrong === -1) return names as string[];
  const path = wrong === undefined ? ['plugins'] : ['plugins', wrong];
  const expected = wrong === undefined ? 'a list of packages and files' : 'a package or a file';
  const message = `expected ${expected}, received ${describeValue(wrong === undefined ? value : names?.[wrong])}`;
  throw new InvalidConfigurationError([{ path: path.join('.'), message, place: source.place(path) }]);
}
