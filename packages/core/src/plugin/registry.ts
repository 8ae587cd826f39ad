import { builtinPlugins } from '../builtin/plugins.js';
import { suggestion } from '../config/nearest-name.js';
import { ConfigError } from '../errors.js';
import { coreVersion } from '../training/version.js';
import { kindNames, type Preset, type Plugin, type PluginKind, type PluginOfKind } from './define-plugin.js';

/** A plugin and the module that brought it. */
export interface RegisteredPlugin {
  readonly plugin: Plugin;
  /** Package name or file, as it is listed under `plugins`. */
  readonly module: string;
  /** Version of the package, or the beginning of the SHA-256 of a single file; absent where it is not known. */
  readonly version?: string;
}

/** A preset of a plugin by its full name, e.g. `comma/base-to-novel`. */
export interface RegisteredPreset {
  readonly name: string;
  readonly configuration: Preset;
  readonly plugin: Plugin;
}

/** Name of the module of core's own plugins. */
const CORE = '@promptweave/core';

/** The plugins of one experiment or process, by kind and name. */
export class Registry {
  readonly entries: readonly RegisteredPlugin[];

  /**
   * @param loaded plugins besides core's own.
   * @param missing modules of promptweave's own that are not loaded because a configuration does not list them.
   * @throws ConfigError where two have the same kind and name, or two presets the same name.
   */
  constructor(
    loaded: readonly RegisteredPlugin[] = [],
    private readonly missing: readonly string[] = [],
  ) {
    this.entries = [...builtinPlugins.map((plugin) => ({ plugin, module: CORE, version: coreVersion })), ...loaded];
    const seen = new Map<string, RegisteredPlugin>();
    for (const entry of this.entries) {
      const { kind, name } = entry.plugin;
      const other = seen.get(`${kind} ${name}`);
      if (other) {
        throw new ConfigError(
          `Two plugins provide the ${kindNames[kind]} "${name}": ${other.module} and ${entry.module}.`,
          {
            where: 'plugins',
            remedy: 'List only one of the two modules under plugins.',
          },
        );
      }
      seen.set(`${kind} ${name}`, entry);
    }
    const names = this.presets().map((preset) => preset.name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice) throw new ConfigError(`Two plugins provide the preset "${twice}".`, { where: 'plugins' });
  }

  /** Names of all plugins of a kind. */
  names(kind: PluginKind): string[] {
    return this.ofKind(kind).map((plugin) => plugin.name);
  }

  ofKind<Kind extends PluginKind>(kind: Kind): PluginOfKind[Kind][] {
    return this.entries
      .map((entry) => entry.plugin)
      .filter((plugin): plugin is Plugin & PluginOfKind[Kind] => plugin.kind === kind);
  }

  find<Kind extends PluginKind>(kind: Kind, name: string): PluginOfKind[Kind] | undefined {
    return this.ofKind(kind).find((plugin) => plugin.name === name);
  }

  /** @throws ConfigError with the nearest name. */
  get<Kind extends PluginKind>(kind: Kind, name: string): PluginOfKind[Kind] {
    const plugin = this.find(kind, name);
    if (!plugin) throw new ConfigError(this.unknown(kind, name));
    return plugin;
  }

  /** A plugin and the module that it comes from. @throws ConfigError with the nearest name */
  owner(kind: PluginKind, name: string): RegisteredPlugin {
    const plugin = this.get(kind, name);
    return this.entries.find((entry) => entry.plugin === plugin)!;
  }

  /** What to say about a name that no plugin of the kind has. */
  unknown(kind: PluginKind, name: string): string {
    const message = `there is no ${kindNames[kind]} called "${name}".`;
    const other = this.entries.find(({ plugin }) => plugin.name === name)?.plugin.kind;
    if (other)
      return `${message} It is a ${kindNames[other]}: choose it under \`${other === 'loss' ? 'losses' : other}\`.`;
    return (
      message + (suggestion(name, this.names(kind), 'There are') || ' No loaded plugin provides one.') + this.notLoaded
    );
  }

  /** What to say besides where a name is not found, after a space; empty where all of promptweave's own plugins are loaded. */
  get notLoaded(): string {
    if (this.missing.length === 0) return '';
    return " Promptweave's own plugins are not all loaded: for one of those, add `default` to `plugins`.";
  }

  presets(): RegisteredPreset[] {
    return this.entries.flatMap(({ plugin }) =>
      Object.entries(plugin.presets ?? {}).map(([preset, configuration]) => ({
        name: `${plugin.name}/${preset}`,
        configuration,
        plugin,
      })),
    );
  }
}
