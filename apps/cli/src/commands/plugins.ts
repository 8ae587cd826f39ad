import type { PluginKind } from '@promptweave/core';
import type { OptionDescription } from '@promptweave/core/experiment';
import type { Command } from 'commander';

interface PluginsFlags {
  readonly config?: string;
  readonly json?: boolean;
}

/** One plugin as it is listed. */
interface Listing {
  readonly kind: PluginKind;
  readonly name: string;
  readonly module: string;
  /** Of the module: version of the package, or digest of files of one's own. */
  readonly version?: string;
  /** Version of the contracts that it is made for, where it says so. */
  readonly contracts?: string;
  readonly description: string;
  readonly presets: readonly string[];
  readonly options: readonly OptionDescription[];
}

/** `promptweave plugins`: what is installed and what each plugin provides. */
export function register(program: Command): void {
  program
    .command('plugins')
    .summary('list what is installed, what each plugin provides, and its options')
    .description(
      'Lists plugins of every kind (backbones, data sets, prompt learners, label aligners, heads, tunings, gradient rules, losses, protocols, trackers) with their presets and options.',
    )
    .argument('[name]', 'only plugins of this name, e.g. comma')
    .option('--config <file>', 'take the plugins that this configuration lists')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave plugins\n  $ promptweave plugins comma\n  $ promptweave plugins --config mine.yaml --json',
    )
    .action(async (name: string | undefined, { config, json }: PluginsFlags) => {
      const { ConfigError, kindNames } = await import('@promptweave/core');
      const { describeOptions, loadRegistry, suggestion } = await import('@promptweave/core/experiment');
      const registry = await loadRegistry(config, import.meta.url);
      const all = registry.entries.map(({ plugin, module, version }): Listing => {
        const { kind, description, contracts, presets = {} } = plugin;
        const names = Object.keys(presets).map((preset) => `${plugin.name}/${preset}`);
        const origin = { module, version, contracts };
        return { kind, name: plugin.name, ...origin, description, presets: names, options: describeOptions(plugin) };
      });
      const chosen = all.filter((listing) => name === undefined || listing.name === name);
      if (name !== undefined && chosen.length === 0) {
        const names = all.map((listing) => listing.name);
        throw new ConfigError(
          `There is no plugin called "${name}".${suggestion(name, names, 'There are')}${registry.notLoaded}`,
        );
      }
      console.log(json ? JSON.stringify(chosen, undefined, 2) : render(chosen, kindNames));
    });
}

function render(listings: readonly Listing[], kindNames: Readonly<Record<PluginKind, string>>): string {
  const kinds = Object.keys(kindNames) as PluginKind[];
  const sections = kinds.map((kind) => {
    const ofKind = listings.filter((listing) => listing.kind === kind);
    return ofKind.length === 0 ? '' : [`${kindNames[kind].toUpperCase()}`, ...ofKind.map(renderOne)].join('\n\n');
  });
  return sections.filter(Boolean).join('\n\n');
}

function renderOne({ name, module, version, description, presets, options }: Listing): string {
  const width = Math.max(0, ...options.map((option) => option.name.length));
  const rows = options.map((option) => {
    const fallback = option.required
      ? 'required'
      : option.default === undefined
        ? 'optional'
        : `default ${JSON.stringify(option.default)}`;
    return `    ${option.name.padEnd(width)}  ${option.type}; ${fallback}. ${option.description}`;
  });
  const presetRow = presets.length === 0 ? [] : [`    presets: ${presets.join(', ')}`];
  const origin = version === undefined ? module : `${module}, ${version}`;
  return [`  ${name}  (${origin})`, `    ${description}`, ...rows, ...presetRow].join('\n');
}
