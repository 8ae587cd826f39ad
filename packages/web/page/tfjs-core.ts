/** TensorFlow.js without gradients and optimisers: what the page takes for `@tensorflow/tfjs-core`. */
import '@tensorflow/tfjs-core/dist/base_side_effects';
export * from '@tensorflow/tfjs-core/dist/base';
export * from '@tensorflow/tfjs-core/dist/ops/ops';
