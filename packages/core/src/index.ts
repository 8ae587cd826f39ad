/** What a plugin's author needs. Programs that run experiments: `@promptweave/core/experiment`; tests: `@promptweave/core/testing`. */
export { maxNameTokens } from './builtin/frozen-labels.js';
export type * from './contracts/index.js';
export * from './errors.js';
export * from './model/context-init.js';
export * from './model/depth.js';
export * from './model/describe-preprocessing.js';
export * from './model/linear-start.js';
export * from './model/maths.js';
export * from './model/template-tokens.js';
export * from './model/variables.js';
export * from './model/without-tape.js';
export { contractsVersion } from './plugin/contracts-version.js';
export * from './plugin/define-plugin.js';
export type * from './plugin/recorded-run.js';
export { SERVICES } from './plugin/services.js';
export * from './safetensors/index.js';
