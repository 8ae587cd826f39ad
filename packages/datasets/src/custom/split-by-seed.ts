import { DatasetError, type ImageItem } from '@promptweave/core';
import { createPythonRandom } from '../sampling/python-random.js';
import { counted } from '../readers/left-out.js';
import { quoted } from '../readers/quoted.js';
import type { Splits } from '../readers/splits.js';

const TRAIN = 0.5;
const VAL = 0.2;

/**
 * Splits images that come without splits: of every class, half for training, a fifth for validation, the rest for testing,
 * drawn by the seed. Training and test set get at least one image each.
 *
 * @param classNames by label
 * @param seed of the splits alone: runs with other seeds of their own are tested on the same images
 */
export function splitBySeed(
  items: readonly ImageItem[],
  classNames: readonly string[] | ReadonlyMap<number, string>,
  seed: number,
  where: string,
): Omit<Splits, 'classNames' | 'notes'> {
  const random = createPythonRandom(seed);
  const splits = { train: [] as ImageItem[], val: [] as ImageItem[], test: [] as ImageItem[] };
  for (const [label, name] of classNames.entries()) {
    const own = items.filter((item) => item.label === label);
    if (own.length < 2) {
      throw new DatasetError(`The class ${quoted(name)} has ${counted(own.length, 'image')}, too few to split.`, {
        where,
        remedy: 'Give every class at least 2 images, or make the splits yourself: train/, val/ and test/.',
      });
    }
    const order = random.sample(own, own.length);
    const train = Math.max(1, Math.round(own.length * TRAIN));
    const val = Math.min(Math.round(own.length * VAL), own.length - train - 1);
    splits.train.push(...order.slice(0, train));
    splits.val.push(...order.slice(train, train + val));
    splits.test.push(...order.slice(train + val));
  }
  return splits;
}
