export { CoCoOpLearner } from './cocoop-learner.js';
export { CoOpLearner } from './coop-learner.js';
export { KgCoOpLoss } from './kgcoop-loss.js';
export { cocoopOptions, coopOptions, kgcoopOptions } from './options.js';
export { cocoop, coop, kgcoopKnowledge, plugins } from './plugin.js';
