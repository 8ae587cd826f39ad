import { read, tableOf } from './readme.mjs';

export const SUITE = '../benchmarks.md#a-run-of-it';

const page = read('docs/benchmarks.md');
const run = page.slice(page.indexOf('### A run of it'));
const rows = new Map(
  tableOf(run)
    .slice(1)
    .map(([method, ...cells]) => [method, cells]),
);

/** The row of a method in the run of the embedded suite that docs/benchmarks.md shows. @throws where there is none */
export function measuredOf(method) {
  const cells = rows.get(method);
  if (!cells) throw new Error(`docs/benchmarks.md has no row of ${method}.`);
  return { method, cells };
}
