import type { Evaluation } from '@promptweave/core';
import type { SetPredictions } from '@promptweave/core/experiment';

/** The share of a class's images that were recognised, before and now; fractions. */
export interface ClassChange {
  readonly name: string;
  readonly images: number;
  readonly before: number;
  readonly now: number;
}

/** Classes that have images and are recognised better or worse than before, the largest change first. */
export function changedClasses(
  before: Pick<Evaluation, 'classes'>,
  now: Pick<Evaluation, 'classes'>,
): { readonly gained: readonly ClassChange[]; readonly lost: readonly ClassChange[] } {
  const known = new Map(before.classes.map((entry) => [entry.name, entry]));
  const changes = now.classes.flatMap(({ name, images, accuracy }): ClassChange[] => {
    const old = known.get(name);
    return old && images > 0 ? [{ name, images, before: old.accuracy, now: accuracy }] : [];
  });
  const by = (sign: number): ClassChange[] =>
    changes
      .filter(({ before: old, now: next }) => sign * (next - old) > 0)
      .sort((a, b) => sign * (b.now - b.before - (a.now - a.before)));
  return { gained: by(1), lost: by(-1) };
}

/** An image that was taken for another class. */
export interface WrongAnswer {
  readonly image: string;
  readonly actual: string;
  readonly predicted: string;
  /** Probability of the wrong class. */
  readonly confidence: number;
}

/** The images with a wrong answer, the surest first. */
export function wrongAnswers(classNames: readonly string[], answers: SetPredictions): WrongAnswer[] {
  const { images, labels, predicted, confidence } = answers;
  return images
    .flatMap((image, i): WrongAnswer[] => {
      const [actual, other] = [labels[i]!, predicted[i]!];
      if (actual === other) return [];
      return [{ image, actual: classNames[actual]!, predicted: classNames[other]!, confidence: confidence[i] ?? 0 }];
    })
    .sort((a, b) => b.confidence - a.confidence);
}

/** Two classes that were mixed up. */
export interface Confusion {
  readonly actual: string;
  readonly predicted: string;
  /** Images of the first that were taken for the second. */
  readonly count: number;
  /** Images of the first. */
  readonly of: number;
}

/** Pairs of classes that were mixed up, the most frequent first. */
export function confusionsOf({ classes, confusion }: Pick<Evaluation, 'classes' | 'confusion'>): Confusion[] {
  return confusion
    .flatMap((row, actual) =>
      row.flatMap((count, predicted): Confusion[] => {
        if (count === 0 || actual === predicted) return [];
        return [
          { actual: classes[actual]!.name, predicted: classes[predicted]!.name, count, of: classes[actual]!.images },
        ];
      }),
    )
    .sort((a, b) => b.count - a.count);
}
