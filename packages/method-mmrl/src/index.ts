export { ImageTerm } from './image-term.js';
export { MmrlHead } from './mmrl-head.js';
export { MmrlLearner } from './mmrl-learner.js';
export { headOptions, imageOptions, learnerOptions } from './options.js';
export { mmrlHead, mmrlImage, mmrlPrompt, plugins } from './plugin.js';
