export { BackboneCache } from './backbone-cache.js';
export {
  completeChoice,
  composeClassifier,
  decorate,
  type ClassifierChoice,
  type PartialChoice,
} from './compose-classifier.js';
export { createContainer } from './container.js';
export { createExperiment, disposeBackbones, type Experiment, type ExperimentOptions } from './experiment.js';
export { PartLog, type PartMessage } from './part-log.js';
export { basicServices, servicesOf } from './services.js';
export { TOKENS } from './tokens.js';
