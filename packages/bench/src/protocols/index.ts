export { JoinedLabels } from './joined-labels.js';
export { harmonicMean, mean, standardDeviation } from './means.js';
export { shownText, shownValue, smallerIsBetter } from './figure-unit.js';
export {
  baseToNovel,
  crossDataset,
  domainGeneralisation,
  efficiency,
  incremental,
  plugins,
  zeroShot,
} from './plugins.js';
export { evaluationSets, imagesOf, type FeatureSource } from './protocol-context.js';
export { runTracked, type RunLabels } from './run-tracked.js';
export type { ProtocolRun, RunEnvironment } from './protocol-run.js';
export { runProtocol, type ProtocolResult } from './run-protocol.js';
