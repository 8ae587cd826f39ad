import { ConfigError } from '@promptweave/core';
import { createPythonRandom, type PythonRandom } from './python-random.js';

/** A few-shot validation set has at most this many images a class. */
const VALIDATION_SHOTS = 4;

/** The items of every class, classes in the order in which they first appear. */
function byLabel<T extends { readonly label: number }>(items: readonly T[]): T[][] {
  const classes = new Map<number, T[]>();
  for (const item of items) {
    const list = classes.get(item.label);
    if (list) list.push(item);
    else classes.set(item.label, [item]);
  }
  return [...classes.values()];
}

function draw<T extends { readonly label: number }>(items: readonly T[], shots: number, random: PythonRandom): T[] {
  return byLabel(items).flatMap((list) => (list.length >= shots ? random.sample(list, shots) : list));
}

/**
 * The few-shot training and validation sets that the papers' code draws with CPython's `random.seed(seed)`: the train split,
 * then the val split with min(shots, 4); within a split class by class, in the order in which the classes first appear. A class
 * that has fewer images than shots gives all that it has, and nothing is drawn for it.
 *
 * @param shots images a class, at least 1.
 * @param seed the run's seed; 1, 2 and 3 are the papers'.
 */
export function sampleFewShot<T extends { readonly label: number }>(
  { train, val }: { readonly train: readonly T[]; readonly val: readonly T[] },
  shots: number,
  seed: number,
): { train: T[]; val: T[] } {
  if (!Number.isInteger(shots) || shots < 1) {
    throw new ConfigError(`The number of shots is a whole number of at least 1, not ${shots}.`, {
      where: 'dataset.shots',
      remedy: 'Use 1, 2, 4, 8 or 16, or leave it out to train on all images.',
    });
  }
  const random = createPythonRandom(seed);
  const drawn = draw(train, shots, random);
  return { train: drawn, val: draw(val, Math.min(shots, VALIDATION_SHOTS), random) };
}
