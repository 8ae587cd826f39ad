import { optionsOf, type ResolvedConfiguration } from '../config/configuration.js';
import type { DatasetChoice } from '../contracts/protocol.js';
import type { PluginKind } from './define-plugin.js';
import type { Registry } from './registry.js';

/** The modules that a configuration's parts come from, with their versions. */
export function modulesInUse(configuration: ResolvedConfiguration, registry: Registry): Record<string, string> {
  const { backbone, dataset, prompt, labels, head, tuning, losses, gradients, protocol } = configuration;
  const further = registry.get('protocol', protocol.use).datasets?.(optionsOf(protocol)) ?? [];
  const nameOf = (choice: DatasetChoice): string => (typeof choice === 'string' ? choice : choice.use);
  const used: [PluginKind, string][] = [
    ['backbone', backbone.use],
    ['dataset', dataset.use],
    ...further.map((choice): [PluginKind, string] => ['dataset', nameOf(choice)]),
    ['prompt', prompt.use],
    ['labels', labels.use],
    ['head', head.use],
    ['tuning', tuning.use],
    ['gradients', gradients.use],
    ...losses.map(({ use }): [PluginKind, string] => ['loss', use]),
    ['protocol', protocol.use],
  ];
  const entries = registry.entries.filter(({ plugin }) =>
    used.some(([kind, name]) => plugin.kind === kind && plugin.name === name),
  );
  return Object.fromEntries(entries.map(({ module, version }) => [module, version ?? '']).sort());
}
