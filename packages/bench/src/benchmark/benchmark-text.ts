import type { Study } from '../report/study.js';
import { renderTable, type TableFormat } from '../report/table.js';
import type { BenchmarkResult } from './benchmark-result.js';
import { benchmarkTable } from './benchmark-table.js';

/** The paper's table in any format. What is for people says in which unit it is, where published numbers come from, and what is missing. */
export function benchmarkText(result: BenchmarkResult, study: Study, format: TableFormat): string {
  const failures = study.failures.map(({ cell, failure }) => ({ cell: cell.id, ...failure }));
  if (format === 'json') return JSON.stringify({ ...result, failures }, undefined, 2);
  const title = titleOf(result);
  const table = renderTable(benchmarkTable(result), format, title);
  if (format === 'csv' || format === 'latex') return table;
  const open = study.cells.filter(({ state }) => state.status !== 'finished').length;
  const missing = `${open} of ${study.cells.length} cells failed or are not finished: promptweave report ${study.folder} tells which.`;
  return [title, table, ...sources(result), ...(open > 0 ? [missing] : [])].join(format === 'markdown' ? '\n\n' : '\n');
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
