import { z } from 'zod';
import { optionsOf, type ResolvedPart } from '../config/configuration.js';
import { checkPlugin } from '../plugin/check-plugin.js';
import type { Plugin } from '../plugin/define-plugin.js';
import { demand } from './conformance-error.js';
import { optionRows } from './options-table.js';
import type { Checks, Subject, Suite } from './suite.js';

/** What every plugin must be, whatever it provides. */
export const pluginChecks: Checks<Pick<Subject<Plugin, Suite>, 'plugin'>> = {
  'has a name, a description, and options with descriptions and defaults': ({ plugin }) => {
    const fault = checkPlugin(plugin);
    demand(fault === undefined, `It is not a plugin: ${fault}`);
    demand(/^[a-z0-9]+([-/][a-z0-9]+)*$/.test(plugin.name), `Its name "${plugin.name}" is not in kebab-case.`);
    demand(plugin.description.trim().length > 10, `Its description "${plugin.description}" says too little.`);
    for (const { name, meaning } of optionRows(plugin.options)) {
      demand(meaning.length > 0, `The option ${name} has no description.`);
    }
    if (!['prompt', 'labels', 'head', 'tuning', 'gradients', 'loss'].includes(plugin.kind)) return; // others may need an address
    const parsed = plugin.options.safeParse({});
    demand(parsed.success, `It cannot be made without options: ${parsed.error && z.prettifyError(parsed.error)}`);
  },
  'has presets that its own options accept': ({ plugin }) => {
    for (const [preset, configuration] of Object.entries(plugin.presets ?? {})) {
      const part = configuration[plugin.kind] as ResolvedPart | undefined;
      if (part?.use !== plugin.name) continue;
      const parsed = plugin.options.strict().safeParse(optionsOf(part));
      demand(parsed.success, `Its preset ${preset} is refused: ${parsed.error && z.prettifyError(parsed.error)}`);
    }
  },
};
