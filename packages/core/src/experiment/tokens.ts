import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { Backbone } from '../contracts/backbone.js';
import type { Dataset } from '../contracts/dataset.js';
import type { GradientRule } from '../contracts/gradient-rule.js';
import type { Head } from '../contracts/head.js';
import type { LabelAligner, PromptLearner } from '../contracts/parts.js';
import type { DataPipeline } from '../contracts/pipeline.js';
import type { Tuning } from '../contracts/tuning.js';
import type { ResolvedConfiguration } from '../config/configuration.js';
import type { Classifier } from '../model/classifier.js';
import type { WeightedLoss } from '../model/classifier-parts.js';
import type { BackboneCache } from './backbone-cache.js';

function token<T>(name: string): InjectionToken<T> {
  return Symbol.for(`promptweave:${name}`);
}

/** What the containers of a program and of its experiments hold. */
export const TOKENS = {
  /** Registered by the program: turns data sets into batches. The service of the same name. */
  pipeline: token<DataPipeline>('pipeline'),
  /** Registered by the program, any number of them: each is given the container of an experiment before its classifier is put together. */
  configure: token<(container: DependencyContainer) => void>('configure'),
  /** Backbones that the experiments of a program share; there from the first experiment on. */
  backbones: token<BackboneCache>('backbones'),
  /** Registered by the program, if it knows: bytes that the backend can still have. */
  availableBytes: token<() => Promise<number | undefined>>('availableBytes'),
  /** Registered by the program, if it knows: bytes that the process holds of what the backend can have. */
  heldBytes: token<() => Promise<number>>('heldBytes'),
  /** In the child container of one experiment. */
  configuration: token<ResolvedConfiguration>('configuration'),
  backbone: token<Backbone>('backbone'),
  dataset: token<Dataset>('dataset'),
  learner: token<PromptLearner>('learner'),
  aligner: token<LabelAligner>('aligner'),
  head: token<Head>('head'),
  tuning: token<Tuning>('tuning'),
  losses: token<readonly WeightedLoss[]>('losses'),
  rule: token<GradientRule>('rule'),
  classifier: token<Classifier>('classifier'),
} as const;
