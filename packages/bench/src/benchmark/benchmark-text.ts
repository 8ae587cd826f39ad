import type { Study } from '../report/study.js';
import { renderTable, type TableFormat } from '../report/table.js';
import type { BenchmarkResult } from './benchmark-result.js';
import { compareRows, type Comparison } from '../report/analysis/comparison.js';
import { slug } from '@promptweave/core/experiment';
import { longCsv, longRows } from '../report/long-form.js';
import { marksText } from '../report/paper-table.js';
import { benchmarkTable, type IsMarked } from './benchmark-table.js';
import { datasetName } from './dataset-choice.js';

/** The paper's table in any format. What is for people says in which unit it is, where published numbers come from, and what is missing. */
export function benchmarkText(result: BenchmarkResult, study: Study, format: TableFormat): string {
  const comparison = format === 'table' ? undefined : compareRows(study);
  const failures = study.failures.map(({ cell, failure }) => ({ cell: cell.id, ...failure }));
  if (format === 'json')
    return JSON.stringify({ ...result, failures, values: longRows(study, comparison) }, undefined, 2);
  const title = titleOf(result);
  if (format === 'csv') return longCsv(longRows(study, comparison));
  const marks = marksText(comparison);
  const table = renderTable(
    benchmarkTable(result, marked(study, comparison)),
    format,
    `${title}. ${marks}`,
    `tab:${slug(study.name)}`,
  );
  if (format === 'latex') return table;
  const open = study.cells.filter(({ state }) => state.status !== 'finished').length;
  const missing = `${open} of ${study.cells.length} cells failed or are not finished: promptweave report ${study.folder} tells which.`;
  return [
    title,
    table,
    ...(format === 'markdown' ? [marks] : []),
    ...sources(result),
    ...(open > 0 ? [missing] : []),
  ].join(format === 'markdown' ? '\n\n' : '\n');
}

/** Which figures of a benchmark differ from the baseline by more than chance. */
function marked(study: Study, comparison: Comparison | undefined): IsMarked {
  const differences = comparison?.baselines[0]?.differences ?? [];
  const found = new Map(
    study.rows.map(({ values }, i) => {
      const { name, dataset } = values;
      return [JSON.stringify([name, datasetName(dataset), values['dataset.shots'] ?? null]), differences[i]];
    }),
  );
  return ({ method, shots }, dataset, figure) => {
    const own = found.get(JSON.stringify([method, dataset, shots ?? null]));
    const interval = own && Object.hasOwn(own, figure) ? own[figure]!.interval : undefined;
    return interval !== undefined && (interval.low > 0 || interval.high < 0);
  };
}

function titleOf({ protocol, rows, seeds, kinds, checkpoint }: BenchmarkResult): string {
  const shots = [...new Set(rows.flatMap((row) => row.shots ?? []))];
  const spread = seeds.length > 1 ? `mean ± standard deviation over seeds ${seeds.join(', ')}` : `seed ${seeds[0]}`;
  const unit = Object.values(kinds).some((kind) => kind.unit !== undefined)
    ? 'percent where no unit is named'
    : 'percent';
  const trained =
    shots.length === 0 ? '' : `, ${shots.join(', ')} ${shots.length === 1 && shots[0] === 1 ? 'shot' : 'shots'}`;
  return `${protocol} with ${checkpoint}${trained}: ${unit}, ${spread}`;
}

/** A line for each source of published numbers. */
function sources({ rows }: BenchmarkResult): string[] {
  const methods = new Map<string, Set<string>>();
  for (const { method, published, source = '' } of rows) {
    if (published) methods.set(source, (methods.get(source) ?? new Set()).add(method));
  }
  return [...methods].map(([source, names]) => `(published) ${[...names].join(', ')}: ${source}.`);
}
