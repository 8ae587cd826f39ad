export { combined } from './accumulate.js';
export { EpochAverage, epochWeights } from './average.js';
export { CachedFeatures, FeatureCache } from './feature-cache.js';
export { evaluate, type EvaluationRequest } from './evaluate.js';
export type { StepEvent, TrainEvent } from './events.js';
export {
  describeLearned,
  loadLearned,
  saveLearned,
  type LearnedDescription,
  type LearnedOrigin,
} from './learned-file.js';
export { type Answer, Metrics } from './metrics.js';
export { nearestWords, type LearnedVector, type NearestWords, type NearWord } from './nearest-words.js';
export {
  PredictionLog,
  readPredictions,
  writePredictions,
  type Predictions,
  type SetPredictions,
} from './predictions.js';
export { createOptimizer, type Optimizer, type OptimizerSettings } from './optimizer.js';
export { learningRateFactors } from './learning-rate-factors.js';
export { learningRateAt, type ScheduleSettings } from './schedule.js';
export { trainSettings, type AverageSettings, type TrainSettings } from './settings.js';
export { checkRequest, type TrainOutcome, type TrainRequest } from './train-request.js';
export type { TrainingPlan } from './plan.js';
export { lengthOf, trainingPhases, type Phase } from './phases.js';
export { trainingShape } from './training-shape.js';
export { train } from './trainer.js';
export { checkpointFiles } from './training-files.js';
export { assignVariables, variableValues } from './variable-values.js';
export { coreVersion } from './version.js';
export { describeStop, type EarlyStop } from './patience.js';
export { describeEvent, duration, percent } from './describe-event.js';
export { checkSet, classifierFor, evaluateSet } from './evaluate-set.js';
export { environmentOf, type Provenance, type Surroundings } from './provenance.js';
export { runExperiment, type RunRequest } from './run-experiment.js';
export type { RunResult } from './run-result.js';
export { requireNoRun, runFiles } from './run-folder.js';
export { joinSkipped, SkipLog, type SkippedImages, type SkippedPart, type SkipReasons } from './skipped-images.js';
export {
  createTracker,
  digestsOf,
  outcomeEvents,
  trackRun,
  type TrackedOutcome,
  type TrackedRun,
} from './track-run.js';
export { clearDamage, damageOf, readResult, readWords } from './run-damage.js';
export { metricsEvent } from './metrics-event.js';
export { checkMemory, estimatedBytes, memoryOf, type MemoryRequest } from './check-memory.js';
