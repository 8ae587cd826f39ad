export type * from './contracts/index.js';
export * from './errors.js';
export * from './model/assemble-text.js';
export * from './model/classifier.js';
export * from './model/maths.js';
export * from './model/predictor.js';
export * from './model/training-step.js';
export * from './plugin/define-plugin.js';
