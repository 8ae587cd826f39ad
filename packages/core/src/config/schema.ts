import { z } from 'zod';
import type { Plugin } from '../plugin/define-plugin.js';
import { defaultPlugins } from '../plugin/load-plugins.js';
import type { Registry } from '../plugin/registry.js';
import { trainSettings } from '../training/settings.js';
import type { ResolvedPart } from './configuration.js';
import { gridSection } from './grid-section.js';
import { searchSection } from './search-section.js';
import {
  datasetSettings,
  evaluateSettings,
  lossSettings,
  runtimeSettings,
  seedSetting,
  seedsSettings,
} from './sections.js';

const schemas = new WeakMap<Registry, ReturnType<typeof composeSchema>>();

/** The schema of a configuration, composed from the options of all plugins of the registry; once for each registry. */
export function configurationSchema(registry: Registry): ReturnType<typeof composeSchema> {
  const schema = schemas.get(registry) ?? composeSchema(registry);
  schemas.set(registry, schema);
  return schema;
}

function composeSchema(registry: Registry) {
  const presets = registry.presets().map((preset) => preset.name);
  const preset = presets.length > 0 ? z.enum(presets as [string, ...string[]]) : z.string();
  return z.strictObject({
    plugins: z
      .array(z.string())
      .optional()
      .describe(
        `Plugin modules: npm packages, local .js or .mjs files, and "default" for ${defaultPlugins.join(', ')}. Default: default.`,
      ),
    preset: preset
      .optional()
      .describe('Settings of a paper, e.g. comma/base-to-novel; this configuration is laid over them.'),
    backbone: part(registry.ofKind('backbone'), {}, 'The frozen CLIP-like model. Default: clip.').optional(),
    dataset: part(registry.ofKind('dataset'), datasetSettings, 'Images and class names.'),
    prompt: part(registry.ofKind('prompt'), {}, 'The prompt learner. Default: none.').optional(),
    labels: part(registry.ofKind('labels'), {}, 'The label aligner. Default: frozen.').optional(),
    head: part(registry.ofKind('head'), {}, 'Turns image and text features into logits. Default: cosine.').optional(),
    tuning: part(registry.ofKind('tuning'), {}, 'What is learned within the towers. Default: none.').optional(),
    losses: lossesSchema(registry).optional(),
    gradients: part(registry.ofKind('gradients'), {}, 'How a step follows from the losses. Default: sum.').optional(),
    train: trainSettings.prefault({}).describe('How the learned parts are trained.'),
    evaluate: evaluateSettings.prefault({}).describe('How accuracy is measured.'),
    protocol: part(
      registry.ofKind('protocol'),
      {},
      'Which classes and data sets are trained and tested on. Default: few-shot.',
    ).optional(),
    tracker: part(
      registry.ofKind('tracker'),
      {},
      'Where runs are recorded besides their folders. Default: local, the folders alone.',
    ).optional(),
    seed: seedSetting,
    seeds: seedsSettings
      .optional()
      .describe(
        'Separate seeds of single sources of chance, which replace `seed` there: to see how much each one matters.',
      ),
    runtime: runtimeSettings.prefault({}).describe('Backend, precision and memory of the computation.'),
    output: z.string().min(1).optional().describe('Folder of the results. Default: the command chooses one.'),
    grid: gridSection.optional(),
    search: searchSection.optional(),
  });
}

/** The schema of the list of losses. */
export function lossesSchema(registry: Registry) {
  return z
    .array(part(registry.ofKind('loss'), lossSettings, 'A term of the total loss.'))
    .min(1)
    .describe('Losses. Default: cross-entropy and those that the chosen parts are trained with.');
}

/** A part is chosen by `use` and takes the chosen plugin's options. */
function part(plugins: readonly Plugin[], common: z.ZodRawShape, description: string): z.ZodType<ResolvedPart> {
  const choices = plugins.map((plugin) =>
    plugin.options
      .safeExtend({ use: z.literal(plugin.name).describe('The plugin.'), ...common })
      .strict()
      .describe(plugin.description),
  );
  const [first, ...rest] = choices;
  const chosen: z.ZodType = first ? z.discriminatedUnion('use', [first, ...rest]) : z.never();
  return chosen.describe(description) as z.ZodType<ResolvedPart>;
}
