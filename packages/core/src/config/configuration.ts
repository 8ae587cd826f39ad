import type { EvaluateSettings, RuntimeSettings, SeedsSettings } from './sections.js';
import type { TrainSettings } from '../training/settings.js';
import type { GridSection } from './grid-section.js';
import { without } from './layers.js';
import type { SearchSection } from './search-section.js';

/** A part as a user writes it: its name alone, or `{ use, ...options }`. */
export type PartChoice = string | { readonly use?: string; readonly [option: string]: unknown };

/** A configuration as a user writes it, in YAML or in code. Everything but the data set has a default. */
export interface Configuration {
  /** Packages and files that plugins come from, and `default` for promptweave's own. Default: `['default']`. */
  readonly plugins?: readonly string[];
  /** Settings of a paper, e.g. `comma/base-to-novel`; this configuration is laid over them. */
  readonly preset?: string;
  /** The frozen CLIP-like model. Default: `clip` with the embedded checkpoint. */
  readonly backbone?: PartChoice;
  /** Images and class names, with `shots` (training images of each class, default 16) and `classes`. */
  readonly dataset?: PartChoice;
  /** What is learned at the inputs of the towers. Default: `none`. */
  readonly prompt?: PartChoice;
  /** The embeddings of the class names. Default: `frozen`. */
  readonly labels?: PartChoice;
  /** What makes logits of the features. Default: `cosine`. */
  readonly head?: PartChoice;
  /** What is learned within the towers. Default: `none`. */
  readonly tuning?: PartChoice;
  /** At least one. Default: `cross-entropy`, and those that the chosen parts are trained with. */
  readonly losses?: readonly PartChoice[];
  /** How a step follows from the losses. Default: `sum`. */
  readonly gradients?: PartChoice;
  /** Epochs, batch, learning rate, schedule and the like. */
  readonly train?: Partial<TrainSettings>;
  /** How many images an evaluation reads at a time; no number depends on it. */
  readonly evaluate?: Partial<EvaluateSettings>;
  /** Which classes are trained on, and what is tested. Default: `few-shot`. */
  readonly protocol?: PartChoice;
  /** Where the run is recorded besides its folder. Default: `local`, nowhere. */
  readonly tracker?: PartChoice;
  /** Of all that is random in the run, from 0 to 2³¹ − 1. Default 1. */
  readonly seed?: number;
  /** Seeds of their own for what images are drawn (`sample`), what is learned starts from (`start`), and the order of images (`order`). */
  readonly seeds?: SeedsSettings;
  /** Backend, precision and memory of the computation. */
  readonly runtime?: Partial<RuntimeSettings>;
  /** Folder of the results. Default: whoever runs the experiment chooses one. */
  readonly output?: string;
  /** Lists of values by option path: every combination is a cell of a sweep. An error where one experiment is asked for. */
  readonly grid?: GridSection;
  /** With a grid: its cells are compared while they train, and only the best are trained on. */
  readonly search?: SearchSection;
}

/** A part with all of its options. */
export interface ResolvedPart {
  readonly use: string;
  readonly [option: string]: unknown;
}

/** The data set with all of its options. */
export interface ResolvedDataset extends ResolvedPart {
  readonly shots: number | 'all';
  readonly classes: 'all' | 'base' | 'novel';
}

/** A loss with its weight in the total and all of its options. */
export interface ResolvedLoss extends ResolvedPart {
  readonly weight: number;
}

/** One experiment, with every default filled in; frozen. Presets are laid in and gone. */
export interface ResolvedConfiguration {
  readonly plugins: readonly string[];
  readonly backbone: ResolvedPart;
  readonly dataset: ResolvedDataset;
  readonly prompt: ResolvedPart;
  readonly labels: ResolvedPart;
  readonly head: ResolvedPart;
  readonly tuning: ResolvedPart;
  readonly losses: readonly ResolvedLoss[];
  readonly gradients: ResolvedPart;
  readonly train: TrainSettings;
  readonly evaluate: EvaluateSettings;
  readonly protocol: ResolvedPart;
  readonly tracker: ResolvedPart;
  readonly seed: number;
  /** Sources of chance with a seed of their own. */
  readonly seeds?: SeedsSettings;
  readonly runtime: RuntimeSettings;
  /** Folder of the results; whoever runs the experiment chooses one where it is absent. */
  readonly output?: string;
}

/**
 * Types a configuration written in code; the same value as from YAML.
 *
 * @example
 * const configuration = defineConfiguration({ preset: 'comma/base-to-novel', dataset: { use: 'emoji/animals' } });
 */
export function defineConfiguration(configuration: Configuration): Configuration {
  return configuration;
}

/** The options of a part as its plugin takes them: without `use` and what the configuration adds to every part of its kind. */
export function optionsOf(part: ResolvedPart, ...added: readonly string[]): Record<string, unknown> {
  return without(part, 'use', ...added);
}

/** The seed of each source of chance: its own, or the run's. */
export function seedsOf({ seed, seeds }: Pick<ResolvedConfiguration, 'seed' | 'seeds'>): Required<SeedsSettings> {
  return { sample: seed, start: seed, order: seed, ...seeds };
}
