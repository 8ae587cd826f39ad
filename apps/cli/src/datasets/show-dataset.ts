import { datasetChoice, renderTable, type TextCell } from '@promptweave/bench';
import type { Dataset } from '@promptweave/core';
import { basicServices, loadRegistry, optionsOf } from '@promptweave/core/experiment';
import { BENCHMARK, describeLayout } from '@promptweave/datasets';

const SPLITS = ['train', 'val', 'test'] as const;

/**
 * What a data set is: for one of the papers' its published counts, template, layout and origin; and what is there of it: every class with its
 * images.
 *
 * @param name a name, or the path of one's own
 */
export async function showDataset(name: string, data: string | undefined, json = false): Promise<string> {
  const registry = await loadRegistry(undefined, import.meta.url);
  const entry = BENCHMARK.find((candidate) => candidate.name === name);
  const about = entry && { ...entry, layout: describeLayout(entry) };
  let dataset: Dataset | undefined;
  if (!entry || data !== undefined) {
    const choice = datasetChoice(name, registry, { data, flag: 'NAME' });
    const plugin = registry.get('dataset', choice.use);
    dataset = await plugin.create(
      { folder: process.cwd(), seed: 1, services: basicServices(1) },
      plugin.options.parse(optionsOf(choice)),
    );
  }
  const found = dataset && describeFound(dataset);
  if (json) return JSON.stringify({ published: about, found }, undefined, 2);
  const { images } = entry ?? {};
  const published = about
    ? [
        `${about.title} (${about.name})`,
        `  classes    ${about.classes}`,
        `  images     ${SPLITS.flatMap((split) => (images?.[split] === undefined ? [] : [`${split} ${images[split].toLocaleString('en')}`])).join(', ')}`,
        `  template   ${about.template}`,
        `  layout     ${about.layout.join('\n             ')}`,
        `  origin     ${about.origin}`,
      ]
    : [];
  return [...published, ...(found ? foundLines(found) : ['  --data DIR shows what is there of it.'])].join('\n');
}

interface Found {
  readonly name: string;
  readonly template: string;
  readonly classes: readonly {
    readonly name: string;
    readonly train: number;
    readonly val: number;
    readonly test: number;
  }[];
  readonly domains: readonly string[];
  readonly notes: readonly string[];
}

function describeFound({ name, template, classNames, train, val, test, notes = [] }: Dataset): Found {
  const splits = { train, val, test };
  const counts = SPLITS.map((split) => {
    const ofClass = classNames.map(() => 0);
    for (const { label } of splits[split]) ofClass[label]! += 1;
    return ofClass;
  });
  const domains = [...new Set(test.flatMap(({ domain }) => domain ?? []))];
  const classes = classNames.map((className, label) => {
    const [ofTrain = 0, ofVal = 0, ofTest = 0] = counts.map((ofClass) => ofClass[label]);
    return { name: className, train: ofTrain, val: ofVal, test: ofTest };
  });
  return { name, template, classes, domains, notes };
}

function foundLines({ name, template, classes, domains, notes }: Found): string[] {
  const number = (value: number): TextCell => ({ text: value.toLocaleString('en'), number: true });
  const sum = (split: (typeof SPLITS)[number]): number => classes.reduce((total, entry) => total + entry[split], 0);
  const rows = classes.map((entry, label): TextCell[] => [
    number(label),
    { text: entry.name },
    ...SPLITS.map((split) => number(entry[split])),
  ]);
  return [
    `${name}: ${classes.length} classes; ${SPLITS.map((split) => `${sum(split).toLocaleString('en')} ${split}`).join(', ')} images; "${template}"`,
    ...(domains.length > 0 ? [`domains of the test images: ${domains.join(', ')}`] : []),
    ...notes,
    renderTable({ head: ['label', 'class', ...SPLITS], rows }, 'table'),
  ];
}
