export { benchmarkConfiguration, type BenchmarkRequest } from './benchmark-configuration.js';
export { benchmarkTable } from './benchmark-table.js';
export { publishedFor, type PublishedEntry, type PublishedQuery } from './published.js';
