import { canonicalJson, readPredictions } from '@promptweave/core/experiment';
import { mean } from '../../protocols/means.js';
import { configurationOf, resultOf } from '../run-details.js';
import { ranked, type StudiedCell, type StudyRow } from '../study.js';
import { groupBy } from './group-by.js';

/** A row with learned labels, and the same with frozen ones. */
export interface LabelPair {
  readonly learned: StudyRow;
  readonly frozen: StudyRow;
}

/** What learned labels did for a class; mean over the seeds that both rows have. */
export interface ClassGain {
  readonly set: string;
  readonly name: string;
  /** Accuracies, fractions. */
  readonly frozen: number;
  readonly learned: number;
}

/** A class that was taken for another less often with learned labels. */
export interface ResolvedConfusion {
  readonly set: string;
  readonly actual: string;
  readonly mistakenFor: string;
  /** Images in all seeds together. */
  readonly before: number;
  readonly after: number;
  /** Ids of images that were mistaken and are recognised now. */
  readonly images: readonly string[];
}

/** Rows whose configurations are looked at. */
const LIMIT = 200;
const CONFUSIONS = 12;
const IMAGES = 6;

/** The pairs of rows that differ in their labels alone, the best first. */
export function labelPairs(rows: readonly StudyRow[], figure: string): LabelPair[] {
  const known = ranked(rows, figure)
    .slice(0, LIMIT)
    .flatMap((row) => {
      const configuration = configurationOf(row);
      return configuration ? [{ row, configuration, frozen: configuration.labels.use === 'frozen' }] : [];
    });
  // The losses and the settings of the training go with the labels; of several, the best of each is taken.
  const groups = groupBy(known, ({ configuration: { backbone, dataset, prompt, protocol } }) =>
    canonicalJson({ backbone, dataset, prompt, protocol }),
  );
  return [...groups.values()].flatMap((group) => {
    const [learned, frozen] = [false, true].map((which) => group.find((entry) => entry.frozen === which)?.row);
    return learned && frozen ? [{ learned, frozen }] : [];
  });
}

/** What the classes gain, the largest gain first. */
export function classGains(pair: LabelPair): ClassGain[] {
  const pairs = seedPairs(pair).map(([learned, frozen]) => [resultOf(learned), resultOf(frozen)] as const);
  const gains = pairs.flatMap(([learned, frozen]) =>
    Object.entries(learned?.evaluations ?? {}).flatMap(([set, { classes }]) => {
      const others = frozen?.evaluations[set]?.classes ?? [];
      return classes.flatMap(({ name, accuracy, images }, c) =>
        images > 0 && others[c]?.name === name ? [{ set, name, learned: accuracy, frozen: others[c].accuracy }] : [],
      );
    }),
  );
  return [...groupBy(gains, ({ set, name }) => JSON.stringify([set, name])).values()]
    .map((seeds): ClassGain => {
      const [learned, frozen] = [mean(seeds.map((seed) => seed.learned)), mean(seeds.map((seed) => seed.frozen))];
      return { set: seeds[0]!.set, name: seeds[0]!.name, learned, frozen };
    })
    .sort((a, b) => b.learned - b.frozen - (a.learned - a.frozen));
}

/** The confusions that became rarer, those that lost the most first. */
export function resolvedConfusions(pair: LabelPair): ResolvedConfusion[] {
  const found = new Map<string, { confusion: ResolvedConfusion; images: Set<string> }>();
  for (const [learned, frozen] of seedPairs(pair)) {
    const [after, before] = [resultOf(learned), resultOf(frozen)];
    const mended = mendedImages(learned, frozen);
    for (const [set, { classes, confusion }] of Object.entries(before?.evaluations ?? {})) {
      const now = after?.evaluations[set];
      if (now?.classes.length !== classes.length) continue;
      confusion.forEach((row, actual) =>
        row.forEach((count, predicted) => {
          if (actual === predicted || count + now.confusion[actual]![predicted]! === 0) return;
          const key = `${set}\n${actual}\n${predicted}`;
          const images = mended.get(key) ?? [];
          const former = found.get(key);
          const [name, other] = [classes[actual]!.name, classes[predicted]!.name];
          found.set(key, {
            images: new Set([...(former?.images ?? []), ...images]),
            confusion: {
              ...{ set, actual: name, mistakenFor: other, images: [] },
              before: (former?.confusion.before ?? 0) + count,
              after: (former?.confusion.after ?? 0) + now.confusion[actual]![predicted]!,
            },
          });
        }),
      );
    }
  }
  return [...found.values()]
    .map(({ confusion, images }) => ({ ...confusion, images: [...images].slice(0, IMAGES) }))
    .filter(({ before, after }) => after < before)
    .sort((a, b) => b.before - b.after - (a.before - a.after))
    .slice(0, CONFUSIONS);
}

/** Images that the frozen labels took for another class and the learned ones recognise, by set, class and mistake. */
function mendedImages(learned: StudiedCell, frozen: StudiedCell): Map<string, string[]> {
  const [now, then] = [learned, frozen].map(({ folder }) => readPredictions(folder.path));
  const mended = new Map<string, string[]>();
  for (const [set, { images, labels, predicted }] of Object.entries(then ?? {})) {
    const after = now?.[set];
    const right = new Set(after?.images.filter((_, i) => after.labels[i] === after.predicted[i]));
    images.forEach((id, i) => {
      if (labels[i] === predicted[i] || !right.has(id)) return;
      const key = `${set}\n${labels[i]}\n${predicted[i]}`;
      mended.set(key, [...(mended.get(key) ?? []), id]);
    });
  }
  return mended;
}

/** Finished cells with the same seed; where a row has a single cell, that one with all of the other's. */
function seedPairs({ learned, frozen }: LabelPair): [StudiedCell, StudiedCell][] {
  const [own, others] = [learned, frozen].map(({ cells }) => cells.filter(({ state }) => state.status === 'finished'));
  return own!.flatMap((cell): [StudiedCell, StudiedCell][] => {
    const same = others!.find(({ values }) => values['seed'] === cell.values['seed']);
    const other = same ?? (others!.length === 1 ? others![0] : undefined);
    return other ? [[cell, other]] : [];
  });
}
