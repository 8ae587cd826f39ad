import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BenchmarkConfiguration } from '@promptweave/bench';
import { DatasetError } from '@promptweave/core';
import { optionsOf, type Registry } from '@promptweave/core/experiment';
import { BENCHMARK, checkDataset, type DatasetReport } from '@promptweave/datasets';

/**
 * Looks at the papers' data sets that a benchmark names before anything is run.
 * @param data the folder that was given for them
 * @throws DatasetError naming all that are absent or broken, and what could be run all the same
 */
export async function checkData(
  configuration: BenchmarkConfiguration,
  registry: Registry,
  data: string | undefined,
): Promise<void> {
  if (data === undefined) return;
  const root = resolve(data);
  const reports: DatasetReport[] = [];
  const wanted = namedDatasets(configuration, registry);
  for (const entry of BENCHMARK.filter(({ name }) => wanted.has(name))) {
    reports.push(await checkDataset(entry, root, { depth: 'listing' })); // a bench must not stat a million files to begin
  }
  const bad = reports.filter(({ state }) => state !== 'ok');
  if (bad.length === 0) return;
  const lines = bad.map(({ name, folder, state, problem }) =>
    state === 'absent'
      ? `  ${name}: there is no ${folder}/`
      : `  ${name}: ${problem?.message} (${problem?.where ?? folder})`,
  );
  const there = reports.filter(({ state }) => state === 'ok').map(({ name }) => name);
  const folders = await readdir(root).catch(() => []);
  const isOwn = there.length === 0 && folders.length > 0 && bad.every(({ state }) => state === 'absent');
  const instead = isOwn
    ? ` If the folder holds class folders of your own images: --datasets ${data}.`
    : insteadOf(configuration, registry, there);
  throw new DatasetError(`${bad.length} of ${reports.length} data sets cannot be read:\n${lines.join('\n')}`, {
    where: root,
    remedy: `promptweave datasets show NAME tells where a data set is to be had.${instead}`,
  });
}

/** What could be run with the data sets that are there; empty where that is nothing. */
function insteadOf({ grid, protocol }: BenchmarkConfiguration, registry: Registry, there: readonly string[]): string {
  if (there.length === 0) return '';
  const use = typeof protocol === 'string' ? protocol : protocol.use;
  if (!('targets' in registry.get('protocol', use).options.shape))
    return ` These are there: --datasets ${there.join(',')}.`;
  const trained = grid.dataset.map((choice) => choice.use).filter((name) => there.includes(name));
  const sources = trained.length > 0 ? trained : there.slice(0, 1);
  const targets = there.filter((name) => !sources.includes(name));
  if (targets.length === 0) return '';
  return ` These are there: --datasets ${sources.join(',')} --targets ${targets.join(',')}.`;
}

/** Names of the data sets that are trained or tested on. */
function namedDatasets({ grid, protocol }: BenchmarkConfiguration, registry: Registry): Set<string> {
  const chosen = typeof protocol === 'string' ? { use: protocol } : protocol;
  const plugin = registry.get('protocol', chosen.use);
  const targets = plugin.datasets?.(plugin.options.parse(optionsOf(chosen))) ?? [];
  return new Set([...grid.dataset, ...targets].map((choice) => (typeof choice === 'string' ? choice : choice.use)));
}
