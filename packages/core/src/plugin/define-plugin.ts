import type { z } from 'zod';
import type { Backbone, BackboneIdentity, BackboneShape } from '../contracts/backbone.js';
import type { Dataset } from '../contracts/dataset.js';
import type { GradientRule } from '../contracts/gradient-rule.js';
import type { Head, HeadProperties } from '../contracts/head.js';
import type { Loss } from '../contracts/loss.js';
import type {
  AlignerProperties,
  LabelAligner,
  LearnerProperties,
  PartContext,
  PromptLearner,
} from '../contracts/parts.js';
import type { Protocol } from '../contracts/protocol.js';
import type { Services } from '../contracts/services.js';
import type { Tracker, TrackerContext } from '../contracts/tracker.js';
import type { Tuning, TuningProperties } from '../contracts/tuning.js';
import { contractsVersion } from './contracts-version.js';
import type { FixtureDescription, Observer } from './recorded-run.js';

/** An object schema: the options of a plugin. Every option has a description and a default (the paper's value). */
export type OptionsSchema = z.ZodObject;

/** Part of a configuration as a user would write it. */
export type PartialConfiguration = Readonly<Record<string, unknown>>;

/** Settings, and what of them is other for few shots: the entry of the smallest number that is not below the shots is laid over the rest. */
export type SettingsByShots = PartialConfiguration & {
  /** Settings by the most shots that they are for. */
  readonly byShots?: Readonly<Record<number, PartialConfiguration>>;
};

/**
 * Settings of a paper, and what of them is other for single data sets, by the names of these; that is laid over the rest.
 * @example { train: { epochs: 200 }, byShots: { 1: { train: { epochs: 50 } }, 4: { train: { epochs: 100 } } } } // 100 epochs with 2, 3 or 4 shots
 */
export type Preset = SettingsByShots & {
  /** Settings by the name of a data set's plugin, e.g. `imagenet`. */
  readonly byDataset?: Readonly<Record<string, SettingsByShots>>;
};

/** A loss as it is named in a configuration: `{ use, weight?, ...options }`. */
export interface LossChoice {
  /** Name of a loss plugin, e.g. `comma/knowledge`. */
  readonly use: string;
  /** Factor of its terms in the total, at least 0. Default 1. */
  readonly weight?: number;
  readonly [option: string]: unknown;
}

/** What plugins of all kinds have. */
export interface PluginBase<Kind extends string, Options extends OptionsSchema> {
  /** The section of a configuration that chooses it; `loss` stands for `losses`. */
  readonly kind: Kind;
  /** Name in a configuration, e.g. `comma` or `comma/knowledge`. */
  readonly name: string;
  /** One sentence, with the paper. */
  readonly description: string;
  /** Schema of what stands beside `use` in a configuration, without what all plugins of the kind take (`weight` of a loss). */
  readonly options: Options;
  /** Version of the contracts that it is made for, e.g. `1.0`; `definePlugin` notes it. Without one it is taken to be made for those at hand. */
  readonly contracts?: string;
  /** Named settings of the papers, e.g. `base-to-novel`; selected as `preset: comma/base-to-novel`. */
  readonly presets?: Readonly<Record<string, Preset>>;
  /** This plugin's part of the configuration that repeats a recorded run; undefined where the run has nothing of it. */
  readonly fixture?: (description: FixtureDescription) => PartialConfiguration | undefined;
  /** What it shows of such a run besides features, logits, total and gradients; made anew for each run that it has a part in. */
  readonly observer?: (description: FixtureDescription) => Observer;
}

/** Where a backbone or a data set is looked for. */
export interface SourceContext {
  /** Folder that relative paths in the configuration refer to. */
  readonly folder: string;
  /** Of the experiment. A backbone does not depend on it: experiments of all seeds in a process share one. */
  readonly seed: number;
  /** False asks a backbone for its plain path, the readable reference of the fast one (`runtime.fast`). Default true. */
  readonly fast?: boolean;
  /**
   * What a backbone's frozen weights are to be multiplied with; `auto`: what is fastest here (`runtime.precision`). It says in
   * `Backbone.precision` what it took; one that says nothing is refused where bfloat16 is asked for. Default float32.
   */
  readonly precision?: 'float32' | 'bfloat16' | 'auto';
  /** What the program offers besides, see `SERVICES`. */
  readonly services: Services;
}

/** A CLIP-like model with its weights, frozen. */
export interface BackbonePlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'backbone', O> {
  /**
   * Loads the model. Whoever calls it disposes the backbone.
   * @throws CheckpointError where the weights are missing or of another form, ConfigError where the options do not fit them
   */
  create(context: SourceContext, options: z.output<O>): Promise<Backbone>;
  /** What the backbone would be, without making it: cheaper, where many cells of a sweep are told apart. */
  identity?(context: SourceContext, options: z.output<O>): Promise<BackboneIdentity>;
  /** The sizes of its towers, without making it. */
  shape?(context: SourceContext, options: z.output<O>): Promise<BackboneShape>;
}

/** Reads images with their class names, in three splits. */
export interface DatasetPlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'dataset', O> {
  /**
   * Reads lists of images, not the images themselves; these are loaded when they are needed.
   * @throws DatasetError where files are missing or not as they should be
   */
  create(context: SourceContext, options: z.output<O>): Promise<Dataset>;
}

/** What is learned among the inputs of the towers. */
export interface PromptPlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'prompt', O> {
  /** What the learner can do with these options; asked before anything is made. */
  properties(options: z.output<O>): LearnerProperties;
  /**
   * Makes the learner with its start values. Whoever calls it disposes the learner.
   * @throws ConfigError where the options do not fit the backbone or the classes
   */
  create(context: PartContext, options: z.output<O>): PromptLearner;
  /** Losses that this method is trained with besides cross-entropy. */
  losses?(options: z.output<O>): LossChoice[];
}

/** What the embeddings of the class names are: frozen, or trained. */
export interface LabelsPlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'labels', O> {
  /** What the aligner can do with these options; asked before anything is made. */
  properties(options: z.output<O>): AlignerProperties;
  /**
   * Makes the aligner with its start values. Whoever calls it disposes the aligner.
   * @throws ConfigError where the options do not fit the backbone or the classes
   */
  create(context: PartContext, options: z.output<O>): LabelAligner;
  /** Losses that it is trained with besides cross-entropy. */
  losses?(options: z.output<O>): LossChoice[];
}

/** Makes logits of image and text features. */
export interface HeadPlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'head', O> {
  /** What the head can do with these options; asked before anything is made. */
  properties(options: z.output<O>): HeadProperties;
  /**
   * Makes the head with its start values. Whoever calls it disposes the head.
   * @throws ConfigError where the options do not fit the backbone or the classes
   */
  create(context: PartContext, options: z.output<O>): Head;
  /** Losses that it is trained with; `cross-entropy` among them takes the place of the default one, with its weight. */
  losses?(options: z.output<O>): LossChoice[];
}

/** What is learned within the towers, without prompts. */
export interface TuningPlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'tuning', O> {
  /** What the tuning can do with these options; asked before anything is made. */
  properties(options: z.output<O>): TuningProperties;
  /**
   * Makes the tuning with its start values. Whoever calls it disposes the tuning.
   * @throws ConfigError where the options do not fit the backbone
   */
  create(context: PartContext, options: z.output<O>): Tuning;
  /** Losses that it is trained with besides cross-entropy. */
  losses?(options: z.output<O>): LossChoice[];
}

/** How a step follows from the losses. */
export interface GradientsPlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'gradients', O> {
  /** Losses without which the rule is nothing. */
  readonly needsLosses?: readonly string[];
  /** Makes the rule, which keeps no tensor between the steps. */
  create(context: PartContext, options: z.output<O>): GradientRule;
  /** Losses that it is used with besides cross-entropy. */
  losses?(options: z.output<O>): LossChoice[];
}

/** A term of the training objective. */
export interface LossPlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'loss', O> {
  /** True where the loss makes sense with trained labels only; tested before anything is built. */
  readonly needsTrainedLabels?: boolean;
  /** True where the loss is nothing unless image features are learned; tested likewise. */
  readonly needsMovedImages?: boolean;
  /**
   * Makes the loss. Whoever calls it disposes the loss.
   * @throws ConfigError where the options do not fit the backbone or the classes
   */
  create(context: PartContext, options: z.output<O>): Loss;
}

/** A protocol makes nothing: it says what is trained and tested. */
export interface ProtocolPlugin<O extends OptionsSchema = OptionsSchema>
  extends PluginBase<'protocol', O>, Protocol<z.output<O>> {}

/** Records runs somewhere besides their folders. */
export interface TrackerPlugin<O extends OptionsSchema = OptionsSchema> extends PluginBase<'tracker', O> {
  /** Makes the tracker of one run, before anything is computed. @throws ConfigError where options or environment are wrong */
  create(context: TrackerContext, options: z.output<O>): Tracker;
}

/** The plugins of each kind. */
export interface PluginOfKind<O extends OptionsSchema = OptionsSchema> {
  /** Chosen under `backbone`. */
  backbone: BackbonePlugin<O>;
  /** Chosen under `dataset`. */
  dataset: DatasetPlugin<O>;
  /** Chosen under `prompt`. */
  prompt: PromptPlugin<O>;
  /** Chosen under `labels`. */
  labels: LabelsPlugin<O>;
  /** Chosen under `head`. */
  head: HeadPlugin<O>;
  /** Chosen under `tuning`. */
  tuning: TuningPlugin<O>;
  /** Chosen under `gradients`. */
  gradients: GradientsPlugin<O>;
  /** Chosen in the list `losses`. */
  loss: LossPlugin<O>;
  /** Chosen under `protocol`. */
  protocol: ProtocolPlugin<O>;
  /** Chosen under `tracker`. */
  tracker: TrackerPlugin<O>;
}

/** Any plugin. A package exports its plugins as the array `plugins`. */
export type Plugin = PluginOfKind[keyof PluginOfKind];

/** What plugins can provide. */
export type PluginKind = keyof PluginOfKind;

/** What people call a plugin of each kind. */
export const kindNames: Readonly<Record<PluginKind, string>> = {
  backbone: 'backbone',
  dataset: 'data set',
  prompt: 'prompt learner',
  labels: 'label aligner',
  head: 'head',
  tuning: 'tuning',
  gradients: 'gradient rule',
  loss: 'loss',
  protocol: 'protocol',
  tracker: 'tracker',
};

/**
 * Types a plugin by its own options schema, and notes the version of the contracts that it is made for. What it returns has the types of
 * the options still, so that another plugin can be made of it.
 *
 * @example
 * export const none = definePlugin({
 *   kind: 'prompt', name: 'none', description: '…', options: z.strictObject({ … }),
 *   properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
 *   create: (context, options) => createNone(context, options),
 * });
 * export const louder = definePlugin({
 *   ...none, name: 'louder', create: (context, options) => amplified(none.create(context, options)),
 * });
 */
export function definePlugin<Kind extends PluginKind, Options extends OptionsSchema>(
  plugin: { readonly kind: Kind; readonly options: Options } & PluginOfKind<Options>[Kind],
): PluginOfKind<Options>[Kind] {
  if (plugin.contracts !== undefined) return plugin;
  // A plugin may be an instance of a class, of which a copy would lack the methods.
  return Object.isExtensible(plugin)
    ? Object.assign(plugin, { contracts: contractsVersion })
    : { ...plugin, contracts: contractsVersion };
}
