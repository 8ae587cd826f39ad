import type { DataPipeline } from '@promptweave/core';
import type { ExperimentOptions, ResolvedConfiguration, RunRequest } from '@promptweave/core/experiment';
import type { FeatureSource } from './protocol-context.js';

/** What runs need besides their configuration; runs in one process share it. */
export interface RunEnvironment extends Omit<ExperimentOptions, 'folder' | 'texts'>, Pick<RunRequest, 'surroundings'> {
  readonly pipeline: DataPipeline;
  readonly features?: FeatureSource;
}

/** One configuration to train and test as its protocol says. */
export interface ProtocolRun extends Pick<RunRequest, 'signal' | 'onEvent' | 'onEvaluation' | 'configurationFolder'> {
  readonly configuration: ResolvedConfiguration;
  readonly environment: RunEnvironment;
  /** Folder of the run. */
  readonly folder: string;
  /** Go on with the run that the folder holds, if it holds one; otherwise that is an error. Default true. */
  readonly resume?: boolean;
}
