import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  benchmarkResult,
  benchmarkText,
  ownTargets,
  type BenchmarkConfiguration,
  type BenchmarkQuery,
  type TableFormat,
} from '@promptweave/bench';
import { sourceFromValue } from '@promptweave/core/experiment';
import { stringify } from 'yaml';
import { checkOverrides } from '../bench/bench-overrides.js';
import { sweep } from '../sweep/run-sweep-command.js';

/** A benchmark whose grid is made. */
export interface BenchmarkRun extends BenchmarkQuery {
  readonly configuration: BenchmarkConfiguration;
  readonly overrides: readonly string[];
  /** Folder of the sweep; the configuration is written into it, but for a dry run. */
  readonly output: string;
  readonly version: string;
  readonly jobs: number;
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly skipImpossible?: boolean;
  readonly format: TableFormat;
}

/**
 * Runs a benchmark as a sweep and prints the paper's table.
 * @throws ConfigError for overrides that would make it another one
 */
export async function runBenchmark(run: BenchmarkRun): Promise<void> {
  const { configuration, overrides, output, version, jobs, dryRun, limit, skipImpossible, format } = run;
  checkOverrides(overrides);
  const file = join(output, 'bench.yaml');
  if (!dryRun) {
    await mkdir(output, { recursive: true });
    await writeFile(file, stringify(configuration));
  }
  await sweep({
    ...{
      file,
      source: sourceFromValue(configuration),
      overrides,
      output,
      version,
      jobs,
      dryRun,
      limit,
      skipImpossible,
      retries: 1,
      only: [],
    },
    describe: (study) =>
      benchmarkText(benchmarkResult(study, { ...run, ownTargets: ownTargets(configuration) }), study, format),
  });
}
