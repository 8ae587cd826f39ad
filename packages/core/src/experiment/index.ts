export { BackboneCache } from './backbone-cache.js';
export { createContainer } from './container.js';
export { createExperiment, disposeBackbones, type Experiment, type ExperimentOptions } from './experiment.js';
export { TOKENS } from './tokens.js';
