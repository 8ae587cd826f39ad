export { choosePreprocessing, type PreprocessingOptions } from './chosen-preprocessing.js';
export type { StatedPreprocessing } from './stated-preprocessing.js';
export { readPreprocessorConfig } from './transformers-preprocessing.js';
