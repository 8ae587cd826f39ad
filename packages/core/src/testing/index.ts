export type { BackboneSuite } from './backbone-checks.js';
export {
  checkBackbone,
  checkDataset,
  checkGradientRule,
  checkHead,
  checkLabelAligner,
  checkLoss,
  checkPromptLearner,
  checkProtocol,
  checkTracker,
  checkTuning,
} from './check.js';
export {
  batchFor,
  classNames,
  compose,
  contextOf,
  jitter,
  logitsOf,
  train,
  type Chosen,
  type Composition,
} from './compose.js';
export { composed, forgetPrograms } from './composed.js';
export { ConformanceError } from './conformance-error.js';
export type { DatasetSuite } from './dataset-checks.js';
export {
  describeBackbone,
  describeDataset,
  describeGradientRule,
  describeHead,
  describeLabelAligner,
  describeLoss,
  describePromptLearner,
  describeProtocol,
  describeTracker,
  describeTuning,
} from './describe.js';
export { ensureBackend } from './ensure-backend.js';
export { checkGradients, totalLoss, type GradientCheckOptions } from './finite-differences.js';
export type { GradientRuleSuite } from './gradient-rule-checks.js';
export type { HeadSuite } from './head-checks.js';
export type { LabelAlignerSuite } from './label-aligner-checks.js';
export type { LossSuite } from './loss-checks.js';
export { optionRows, optionsTable, type OptionRow } from './options-table.js';
export { probeLearner } from './probe-learner.js';
export type { PromptLearnerSuite } from './prompt-learner-checks.js';
export type { ProtocolSuite } from './protocol-checks.js';
export { checkReadme } from './readme.js';
export type { RecordedValue, TrackerSuite } from './tracker-checks.js';
export type { ParsedOptions, Suite, VariableFacts } from './suite.js';
export type { TuningSuite } from './tuning-checks.js';
