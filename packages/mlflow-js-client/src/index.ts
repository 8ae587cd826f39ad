export { Artifacts } from './artifacts/artifacts.js';
export type { ArtifactInfo, ArtifactStore } from './artifacts/store.js';
export { MlflowClient } from './client.js';
export * from './errors.js';
export { Experiments, type Experiment, type ExperimentSearch, type ViewType } from './experiments.js';
export type { CallOptions } from './http/connection.js';
export { isTransient } from './http/retry.js';
export { MetricBuffer, type MetricBufferOptions } from './metric-buffer.js';
export { Models, type ModelSearch, type ModelVersion, type NewModelVersion, type RegisteredModel } from './models.js';
export {
  Runs,
  runTags,
  type DatasetInput,
  type Metric,
  type NewRun,
  type Run,
  type RunBatch,
  type RunInfo,
  type RunSearch,
  type RunStatus,
} from './runs.js';
export { settingsFromEnvironment, type MlflowSettings } from './settings.js';
