export * from './protocols/index.js';
export * from './sweep/index.js';
export { ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE, type TensorComparison } from './verify/comparison.js';
export { type FixtureSet } from './verify/fixture-set.js';
export { verify, type RunVerdict, type VerifyOptions } from './verify/verify.js';
