export { BackboneCache } from './backbone-cache.js';
export { completeChoice, composeClassifier, type ClassifierChoice } from './compose-classifier.js';
export { createContainer } from './container.js';
export { createExperiment, disposeBackbones, type Experiment, type ExperimentOptions } from './experiment.js';
export { TOKENS } from './tokens.js';
