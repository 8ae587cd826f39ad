import { z } from 'zod';
import type { Plugin } from '../plugin/define-plugin.js';
import { defaultPlugins } from '../plugin/load-plugins.js';
import type { Registry } from '../plugin/registry.js';
import { trainSettings } from '../training/settings.js';
import type { ResolvedPart } from './configuration.js';
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
      .describe('Seeds of single sources of chance, each in the place of `seed`: to see how much each one matters.'),
    runtime: runtimeSettings.prefault({}).describe('Where and how it is computed.'),
    output: z.string().min(1).optional().describe('Folder of the results.'),
    grid: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Makes this a sweep: option paths with lists of values; every combination is a cell.'),
    search: z
      .record(z.string(), z.unknown())
      .optional()
      .describe(
        'With a grid: cells are compared on validation images while they train, and the best go on. See docs/sweeps.md.',
      ),
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
