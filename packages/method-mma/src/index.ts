export { MmaTuning } from './mma-tuning.js';
export { mmaOptions } from './options.js';
export { mma, plugins } from './plugin.js';
