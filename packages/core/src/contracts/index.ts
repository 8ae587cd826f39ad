export type * from './backbone.js';
export type * from './dataset.js';
export type * from './parts.js';
export type * from './pipeline.js';
export type * from './prompts.js';
export type * from './protocol.js';
export type * from './tokenizer.js';
export type * from './tracker.js';
