import { DatasetError, type Dataset, type ImageItem } from '@promptweave/core';
import { createDataset } from '../create-dataset.js';

/** All classes, the first half of them by label (rounded up), or the rest. */
export type ClassSubset = 'all' | 'base' | 'novel';

/** The item under another label. */
function relabel(item: ImageItem, label: number): ImageItem {
  const { id, domain } = item;
  return {
    id,
    label,
    domain,
    get where() {
      return item.where; // made from parts, so only when it is asked for
    },
    load: () => item.load(),
  };
}

/** Fewest classes that can be told apart. */
const FEWEST = 2;

/**
 * The base or the novel half of a data set's classes, with labels counted from 0. Comes after few-shot sampling.
 *
 * @throws DatasetError where the half has fewer than 2 classes: every answer would be right
 */
export function selectClasses(dataset: Dataset, subset: ClassSubset): Dataset {
  if (subset === 'all') return dataset;
  const { name, classNames, template, imagePolicy, train, val, test, notes } = dataset;
  const half = Math.ceil(classNames.length / 2);
  const [from, to] = subset === 'base' ? [0, half] : [half, classNames.length];
  if (to - from < FEWEST) {
    throw new DatasetError(
      `Of ${classNames.length} classes, the ${subset} half has ${to - from}; it needs ${FEWEST}.`,
      {
        where: name,
        remedy: `Use a data set with at least ${2 * FEWEST} classes, or all of its classes (protocol=few-shot).`,
      },
    );
  }
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
    notes,
  });
}
