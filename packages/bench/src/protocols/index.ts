export { JoinedLabels } from './joined-labels.js';
export { harmonicMean, mean, standardDeviation } from './means.js';
export { baseToNovel, crossDataset, domainGeneralisation, incremental, plugins, zeroShot } from './plugins.js';
export { evaluationSets, type FeatureSource } from './protocol-context.js';
export { runProtocol, type ProtocolResult, type ProtocolRun, type RunEnvironment } from './run-protocol.js';
