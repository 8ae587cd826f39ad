/** The door for programs: open a run and use it, or train one. */
export type { Answer, AnswerOptions, Score } from './library/answers.js';
export type { Explanation } from './library/explain.js';
export type { ImageInput } from './library/image-input.js';
export { Model, type ImageOutcome, type PredictOptions } from './library/model.js';
export { openClasses, type OpenClassesOptions } from './library/open-classes.js';
export { openRun, type OpenRunOptions } from './library/open-run.js';
export { train, type TrainedRun, type TrainOptions, type TrainProgress } from './library/train.js';
export { defineConfiguration, type Configuration } from '@promptweave/core/experiment';
export {
  BackendError,
  CheckpointError,
  ConfigError,
  DatasetError,
  PromptweaveError,
  TrainingError,
} from '@promptweave/core';
