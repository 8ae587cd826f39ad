import type { EvaluateSettings, RuntimeSettings, SeedsSettings } from './sections.js';
import type { TrainSettings } from '../training/settings.js';
import { without } from './layers.js';

/** A part as a user writes it: its name alone, or `{ use, ...options }`. */
export type PartChoice = string | { readonly use?: string; readonly [option: string]: unknown };

/** A configuration as a user writes it, in YAML or in code. Everything but the data set has a default. */
export interface Configuration {
  readonly plugins?: readonly string[];
  readonly preset?: string;
  readonly backbone?: PartChoice;
  readonly dataset?: PartChoice;
  readonly prompt?: PartChoice;
  readonly labels?: PartChoice;
  readonly head?: PartChoice;
  readonly tuning?: PartChoice;
  readonly losses?: readonly PartChoice[];
  readonly gradients?: PartChoice;
  readonly train?: Partial<TrainSettings>;
  readonly evaluate?: Partial<EvaluateSettings>;
  readonly protocol?: PartChoice;
  readonly tracker?: PartChoice;
  readonly seed?: number;
  readonly seeds?: SeedsSettings;
  readonly runtime?: Partial<RuntimeSettings>;
  readonly output?: string;
  readonly grid?: Readonly<Record<string, unknown>>;
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
