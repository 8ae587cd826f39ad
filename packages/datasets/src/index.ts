export { readBenchmark } from './benchmark/read-benchmark.js';
export { BENCHMARK, type BenchmarkEntry, type Layout } from './benchmark/table.js';
export { describeLayout } from './benchmark/describe-layout.js';
export {
  checkBenchmark,
  checkDataset,
  isWhole,
  type CheckDepth,
  type Count,
  type DatasetReport,
} from './check-dataset.js';
export { findMissing, findUnreadable, type UnreadableImage } from './find-unreadable.js';
export { createDataset } from './create-dataset.js';
export { decodeImage } from './image/decode.js';
export type { ImagePolicy } from './image/image-policy.js';
export { augmentForTraining, drawCrop, drawsFor, type Draws } from './image/augment.js';
export { preprocessFast } from './image/preprocess-fast.js';
export { type Interpolation, preprocessForEvaluation, resize } from '@promptweave/core/portable';
export { thumbnail } from './image/thumbnail.js';
export type { Box, RgbImage } from './image/rgb-image.js';
export { createDataPipeline, type OwnedDataPipeline, type PipelineOptions } from './pipeline/data-pipeline.js';
export * from './emoji/index.js';
export { isImageName } from './readers/list-folder.js';
export { plugins } from './plugins.js';
export { sampleFewShot } from './sampling/few-shot.js';
export { createPythonRandom, type PythonRandom } from './sampling/python-random.js';
export { selectClasses, type ClassSubset } from './sampling/select-classes.js';
