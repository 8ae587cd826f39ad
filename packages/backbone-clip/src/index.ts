export type { Activation } from './activation.js';
export { ClipBackbone, type ClipComputation, type ClipParts } from './clip-backbone.js';
export { uploadClipTensors, type ClipTensors } from './clip-weights.js';
export { fixtureBackbone } from './fixture-backbone.js';
