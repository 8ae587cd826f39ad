import { decisive } from '../config/canonical.js';
import { hasAny, type Contents } from '../config/content-files.js';
import type { ResolvedConfiguration } from '../config/configuration.js';
import type { Dataset } from '../contracts/dataset.js';
import type { FeatureStore } from '../contracts/features.js';
import type { DataPipeline } from '../contracts/pipeline.js';
import { ConfigError, DatasetError } from '../errors.js';
import { backboneIdentity } from '../model/backbone-identity.js';
import type { Classifier } from '../model/classifier.js';
import type { TrainEvent } from './events.js';
import { phaseSettings, type PhaseSettings } from './phase-settings.js';
import type { Progress, TrainingIdentity } from './resume-file.js';
import type { TrainSettings } from './settings.js';

/** What to train, on what, and how. */
export interface TrainRequest {
  readonly classifier: Classifier;
  readonly pipeline: DataPipeline;
  /** The images to use: already sampled and reduced to its classes. */
  readonly dataset: Dataset;
  readonly settings: TrainSettings;
  /** Seeds the order of the images and their augmentation. */
  readonly seed: number;
  /** Images in a batch of an evaluation. */
  readonly evaluationBatch?: number;
  /** Where checkpoints go; none are written without it. */
  readonly runFolder?: string;
  /** The resolved configuration, for the checkpoint to name. */
  readonly configuration?: ResolvedConfiguration;
  /** Modules that the parts come from, with their versions. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Digests of the files that the parts read, see `contentsOf`. */
  readonly contents?: Contents;
  /** What computes, see `describeComputation` of @promptweave/runtime. */
  readonly computation?: string;
  /** Folder that relative paths of the configuration refer to. Default: the working directory. */
  readonly configurationFolder?: string;
  /** Go on from `resume.safetensors` of the run folder, where there is one. */
  readonly resume?: boolean;
  /** Seconds between two saves within an epoch. Default 60. */
  readonly saveSeconds?: number;
  /** Image features known from before. New ones are added where no vision prompt is learned. */
  readonly features?: FeatureStore;
  /** Stops after the current step, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
}

/** How a training went. The classifier's variables have the values that were kept. */
export interface TrainOutcome {
  readonly status: 'finished' | 'stopped';
  readonly step: number;
  readonly steps: number;
  readonly epochs: number;
  /** Training alone, interrupted runs included. */
  readonly seconds: number;
  /** The validation that chose the values, where the best are kept. */
  readonly best?: Progress['best'];
  /** Phases that ended before their plan, since validation no longer improved. */
  readonly stops?: Progress['stops'];
}

/** Whether something of a classifier learns, or may get something to learn when its head is prepared. */
export function mayLearn({ parts, variables }: Classifier): boolean {
  return parts.headProperties.learns !== false || Object.keys(variables).length > 0;
}

/**
 * Does nothing where nothing is learned.
 * @throws DatasetError where there is no training image
 * @throws ConfigError where the settings need evaluation images that there are not
 */
export function checkRequest({
  classifier,
  dataset,
  settings,
}: Pick<TrainRequest, 'classifier' | 'dataset' | 'settings'>): void {
  if (!mayLearn(classifier) && !classifier.parts.headProperties.prepares) return;
  if (dataset.train.length === 0) {
    throw new DatasetError('There is no image to train on.', { where: dataset.name });
  }
  phaseSettings(settings).forEach((phase, number) =>
    checkEvaluations(phase, dataset, number === 0 ? 'train' : 'train.then'),
  );
}

function checkEvaluations(
  { evaluateEvery, evaluateOn, keep, stop }: PhaseSettings,
  dataset: Dataset,
  section: 'train' | 'train.then',
): void {
  if (keep === 'best' && (evaluateEvery === 0 || evaluateOn !== 'val')) {
    throw new ConfigError('The best values are chosen by evaluations on validation images, but there are none.', {
      where: `${section}.keep`,
      remedy: `Set ${section}.evaluateEvery=1 and ${section}.evaluateOn=val, or ${section}.keep=last.`,
    });
  }
  if (stop && (evaluateEvery === 0 || evaluateOn !== 'val')) {
    throw new ConfigError('When to stop is said by evaluations on validation images, but there are none.', {
      where: `${section}.stop`,
      remedy: `Set ${section}.evaluateEvery=1 and ${section}.evaluateOn=val, or leave ${section}.stop out.`,
    });
  }
  if (stop && dataset.val.length === 0) {
    throw new ConfigError(`The data set "${dataset.name}" has no validation images that could say when to stop.`, {
      where: `${section}.stop`,
      remedy: `Leave ${section}.stop out, or choose a data set with validation images.`,
    });
  }
  if (evaluateEvery > 0 && dataset[evaluateOn].length === 0) {
    throw new ConfigError(`The data set "${dataset.name}" has no ${evaluateOn} images to evaluate on.`, {
      where: `${section}.evaluateEvery`,
      remedy: `Set ${section}.evaluateEvery=0, or choose another split with ${section}.evaluateOn.`,
    });
  }
}

/** Everything that the bits of the result depend on, but the computation: that is said and not refused. */
export function identityOf(request: TrainRequest): TrainingIdentity {
  const { classifier, dataset, settings, seed, configuration, modules, contents } = request;
  const { backbone, aligner } = classifier.parts;
  const { digest, template, imagePolicy } = dataset;
  return {
    train: settings,
    seed,
    ...(configuration && { configuration: decisive(configuration) }),
    ...(modules && { modules }),
    ...(hasAny(contents) && { contents }),
    backbone: backboneIdentity(backbone),
    dataset: { digest, template, imagePolicy, images: dataset.train.length },
    classes: aligner.classNames,
  };
}
