export { IndependentLearner, type IndependentOptions } from './independent-learner.js';
export { MaPLeLearner } from './maple-learner.js';
export { ivlpOptions, languageOptions, mapleOptions, vptOptions } from './options.js';
export { ivlp, language, maple, plugins, vpt } from './plugin.js';
