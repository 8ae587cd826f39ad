export { featureTerm, LammLoss, logitsTerm, parameterTerm, type Detach } from './hierarchical-loss.js';
export { LammLabels } from './lamm-labels.js';
export { hierarchicalOptions, lammOptions, logitsOptions } from './options.js';
export { lamm, lammFeature, lammHierarchical, lammLogits, lammParameter, plugins } from './plugin.js';
