export { LinearProbeHead } from './linear-probe-head.js';
export { LpPlusPlusHead } from './lp-plus-plus-head.js';
export { linearProbeOptions, lpPlusPlusOptions, zeroShotLinearProbeOptions } from './options.js';
export { linearProbe, lpPlusPlus, plugins, zeroShotLinearProbe } from './plugin.js';
export { ZeroShotLinearProbeHead } from './zero-shot-linear-probe-head.js';
