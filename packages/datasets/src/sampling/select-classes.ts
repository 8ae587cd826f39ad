import type { Dataset, ImageItem } from '@promptweave/core';
import { createDataset } from '../create-dataset.js';

/** All classes, the first half of them by label (rounded up), or the rest. */
export type ClassSubset = 'all' | 'base' | 'novel';

/** The item under another label. */
function relabel(item: ImageItem, label: number): ImageItem {
  return { id: item.id, label, domain: item.domain, load: () => item.load() };
}

/** The base or the novel half of a data set's classes, with labels counted from 0. Comes after few-shot sampling. */
export function selectClasses(dataset: Dataset, subset: ClassSubset): Dataset {
  if (subset === 'all') return dataset;
  const { name, classNames, template, imagePolicy, train, val, test } = dataset;
  const half = Math.ceil(classNames.length / 2);
  const [from, to] = subset === 'base' ? [0, half] : [half, classNames.length];
  const choose = (items: readonly ImageItem[]): ImageItem[] =>
    items.filter(({ label }) => label >= from && label < to).map((item) => relabel(item, item.label - from));
  return createDataset({
    name,
    classNames: classNames.slice(from, to),
    template,
    imagePolicy,
    train: choose(train),
    val: choose(val),
    test: choose(test),
  });
}
