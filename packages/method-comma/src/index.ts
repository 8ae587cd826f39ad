export { CommaLearner } from './comma-learner.js';
export { generate } from './generator.js';
export { KnowledgeLoss } from './knowledge-loss.js';
export { commaOptions, knowledgeOptions } from './options.js';
export { comma, commaKnowledge, plugins } from './plugin.js';
