export type { Activation } from './activation.js';
export { ClipBackbone, type ClipComputation, type ClipParts } from './clip-backbone.js';
export { uploadClipTensors, type ClipTensors } from './clip-weights.js';
export { fixtureBackbone } from './fixture-backbone.js';
export * from './checkpoint/index.js';
export { loadClip, shapeOf } from './load-clip.js';
export { clipOptions } from './options.js';
export { clip, plugins } from './plugin.js';
export { loadTokenizer, OPENAI_MERGES, type TokenizerFiles } from './tokenizer/index.js';
