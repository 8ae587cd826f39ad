/** What runs wherever JavaScript does, in a browser or a thread too: nothing here needs Node.js, TensorFlow.js or zod. */
export type { Preprocessing } from './contracts/preprocessing.js';
export { CheckpointError, ConfigError, DatasetError, PromptweaveError } from './errors.js';
export { evaluationGeometry, type EvaluationGeometry } from './pixels/evaluation-geometry.js';
export { normalise, type Normalisation } from './pixels/normalise.js';
export { preprocessForEvaluation } from './pixels/preprocess.js';
export { resize, type Interpolation } from './pixels/resample.js';
export type { Box, RgbImage } from './pixels/rgb-image.js';
export { roundHalfEven } from './pixels/round-half-even.js';
export { hostTensor, sizeOf, type HostTensor, type StateDict } from './safetensors/host-tensor.js';
export { parseSafetensors, type SafetensorsFile } from './safetensors/parse.js';
