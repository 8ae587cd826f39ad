export { ClipAdapterHead } from './clip-adapter-head.js';
export { clipAdapterOptions, taskresOptions, tipAdapterOptions } from './options.js';
export { clipAdapter, plugins, taskres, tipAdapter } from './plugin.js';
export { TaskResHead } from './taskres-head.js';
export { TipAdapterHead } from './tip-adapter-head.js';
