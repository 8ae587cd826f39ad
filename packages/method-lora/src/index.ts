export { FrozenStartTuning, type FrozenStart } from './frozen-start-tuning.js';
export { LoraTuning } from './lora-tuning.js';
export { biasOptions, layerNormOptions, loraOptions } from './options.js';
export { bias, layerNorm, lora, plugins } from './plugin.js';
