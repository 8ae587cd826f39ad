export { JoinedLabels } from './joined-labels.js';
export { harmonicMean, mean, standardDeviation } from './means.js';
export { figureUnit, shownText, shownValue, smallerIsBetter } from './figure-unit.js';
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
export { runProtocol, type ProtocolResult, type ProtocolRun, type RunEnvironment } from './run-protocol.js';
