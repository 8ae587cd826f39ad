import { resolve } from 'node:path';
import { renderTable, type TextCell } from '@promptweave/bench';
import { loadRegistry } from '@promptweave/core/experiment';
import { BENCHMARK, checkDataset, isWhole, type BenchmarkEntry } from '@promptweave/datasets';

const number = (value: number | undefined): TextCell => ({ text: value?.toLocaleString('en') ?? '–', number: true });

/** All data sets: the papers' with published counts, and the others with what they are. */
export async function listDatasets(data: string | undefined, json = false): Promise<string> {
  const { entries } = await loadRegistry(undefined, import.meta.url);
  const papers = new Set(BENCHMARK.map(({ name }) => name));
  const others = entries.flatMap(({ plugin }) =>
    plugin.kind === 'dataset' && !papers.has(plugin.name)
      ? [{ name: plugin.name, description: plugin.description }]
      : [],
  );
  const states = data === undefined ? undefined : await stateOfEach(resolve(data));
  if (json) {
    const listed = BENCHMARK.map(({ layout: _, ...entry }) => ({ ...entry, state: states?.get(entry.name) }));
    return JSON.stringify({ papers: listed, others }, undefined, 2);
  }
  const head = ['name', 'folder', 'classes', 'train', 'val', 'test', ...(states ? ['state'] : [])];
  const row = ({ name, folder, classes, images }: BenchmarkEntry): TextCell[] => [
    { text: name },
    { text: `${folder}/` },
    ...[classes, images.train, images.val, images.test].map(number),
    ...(states ? [{ text: states.get(name)! }] : []),
  ];
  const width = Math.max(...others.map(({ name }) => name.length));
  return [
    `Data sets of the papers${data === undefined ? ', published counts' : ` in ${data}`}:`,
    renderTable({ head, rows: BENCHMARK.map(row) }, 'table'),
    'Embedded, and your own:',
    ...others.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`),
    '',
    'promptweave datasets show NAME tells where one is to be had; promptweave datasets check DIR looks at files and counts.',
  ].join('\n');
}

async function stateOfEach(root: string): Promise<Map<string, string>> {
  const states = new Map<string, string>();
  for (const entry of BENCHMARK) {
    const report = await checkDataset(entry, root);
    states.set(entry.name, report.state === 'ok' && !isWhole(report) ? 'incomplete' : report.state);
  }
  return states;
}
