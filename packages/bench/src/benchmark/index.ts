export {
  benchmarkConfiguration,
  benchmarkDefaults,
  ownTargets,
  type BenchmarkConfiguration,
  type BenchmarkRequest,
} from './benchmark-configuration.js';
export {
  benchmarkResult,
  type BenchmarkQuery,
  type BenchmarkResult,
  type BenchmarkRow,
  type HarmonicMeans,
} from './benchmark-result.js';
export { benchmarkTable } from './benchmark-table.js';
export { benchmarkText } from './benchmark-text.js';
export { datasetChoice, datasetName } from './dataset-choice.js';
export {
  emojiMethods,
  emojiSuite,
  everyEmojiMethod,
  type EmojiBenchmark,
  type EmojiSuiteRequest,
} from './emoji-suite.js';
export { fitDepths, type FittedBenchmark } from './fit-depths.js';
export { paperDatasets, paperSource } from './paper-datasets.js';
export { publishedFor, type PublishedEntry, type PublishedQuery } from './published.js';
