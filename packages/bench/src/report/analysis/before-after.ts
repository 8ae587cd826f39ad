import { readPredictions } from '@promptweave/core/experiment';
import { resultOf } from '../run-details.js';
import type { StudiedCell, StudyRow } from '../study.js';
import { seededRandom } from './resampling.js';

/** A test image and what was said about it before and after training. */
export interface Answered {
  readonly set: string;
  readonly id: string;
  readonly actual: string;
  readonly before: string;
  readonly after: string;
  /** Probability of the class that was named after training. */
  readonly confidence: number;
}

/** What became of the test images; each list is a sample drawn without looking. */
export interface BeforeAfter {
  readonly cells: { readonly before: StudiedCell; readonly after: StudiedCell };
  readonly groups: readonly { readonly name: string; readonly count: number; readonly images: readonly Answered[] }[];
  readonly total: number;
}

/** How many images of each kind are shown. */
const SHOWN = { 'wrong before, right after': 12, 'right before, wrong after': 6, 'wrong before and after': 6 } as const;
const RIGHT = 'right before and after';

/** Compares the answers of two rows for the same images: those of the first cells that kept them. */
export function beforeAfter(before: StudyRow, after: StudyRow): BeforeAfter | undefined {
  const [first, second] = [before, after].map(({ cells }) =>
    cells.find(({ state, folder }) => state.status === 'finished' && readPredictions(folder.path)),
  );
  if (!first || !second || first === second) return undefined;
  const [then, now] = [first, second].map(({ folder }) => readPredictions(folder.path)!);
  const result = resultOf(second);
  const groups = new Map<string, Answered[]>([...Object.keys(SHOWN), RIGHT].map((name) => [name, []]));
  for (const [set, { images, labels, predicted, confidence }] of Object.entries(now!)) {
    const old = then![set];
    const places = new Map(old?.images.map((id, i) => [id, i]));
    const names = result?.evaluations[set]?.classes.map(({ name }) => name) ?? [];
    images.forEach((id, i) => {
      const place = places.get(id);
      if (place === undefined || old!.labels[place] !== labels[i]) return;
      const [was, is, actual] = [old!.predicted[place]!, predicted[i]!, labels[i]!];
      const kind = `${was === actual ? 'right' : 'wrong'} before`;
      const group =
        (was === actual) === (is === actual)
          ? `${kind} and after`
          : `${kind}, ${is === actual ? 'right' : 'wrong'} after`;
      groups.get(group)!.push({
        ...{ set, id, actual: names[actual]!, before: names[was]!, after: names[is]!, confidence: confidence[i]! },
      });
    });
  }
  const random = seededRandom();
  const sampled = [...groups].map(([name, images]) => {
    const shown = SHOWN[name as keyof typeof SHOWN] ?? 0;
    return { name, count: images.length, images: sample(images, shown, random) };
  });
  const total = sampled.reduce((sum, { count }) => sum + count, 0);
  return total === 0 ? undefined : { cells: { before: first, after: second }, groups: sampled, total };
}

function sample<Value>(values: readonly Value[], count: number, random: () => number): Value[] {
  const rest = [...values];
  return Array.from({ length: Math.min(count, rest.length) }, () => {
    return rest.splice(Math.floor(random() * rest.length), 1)[0]!;
  });
}
