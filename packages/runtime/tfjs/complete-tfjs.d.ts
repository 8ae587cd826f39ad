import type * as tf from '@tensorflow/tfjs-core';

/** See complete-tfjs.js. */
export function completeTfjs(): typeof tf;
