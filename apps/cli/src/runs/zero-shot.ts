import { evaluationSets, type FeatureSource, type ZeroShotAnswers } from '@promptweave/bench';
import type { Evaluation } from '@promptweave/core';
import { completeChoice, evaluateSet, PredictionLog } from '@promptweave/core/experiment';
import type { Composition } from '../composition/compose.js';

/** How it is evaluated. */
export interface ZeroShotOptions {
  /** Where image features are kept. */
  readonly features?: FeatureSource;
  readonly signal?: AbortSignal;
  readonly onEvaluation?: (name: string, done: number, total: number) => void;
}

/**
 * What the backbone alone answers for the images that a run is tested on: without prompt, labels, head or tuning, in the data set's own
 * template. Undefined where the protocol tests in stages, or measures what a run takes.
 * @throws the signal's reason where it is aborted
 */
export async function zeroShotOf(
  composition: Composition,
  options: ZeroShotOptions,
): Promise<ZeroShotAnswers | undefined> {
  const { configuration, registry, pipeline, folder } = composition;
  const { features, signal, onEvaluation } = options;
  const { thenTrainsOn, measuresCosts } = registry.get('protocol', configuration.protocol.use);
  if (thenTrainsOn ?? measuresCosts) return undefined;
  const experiment = await composition.experiment({ ...configuration, ...completeChoice(registry, {}) });
  try {
    const evaluations = Object.create(null) as Record<string, Evaluation>; // a set may be called `__proto__`
    const predictions = new PredictionLog();
    const sets = await evaluationSets({ experiment, registry, pipeline, folder, features });
    for (const set of sets) {
      evaluations[set.name] = await evaluateSet(experiment.classifier, set, {
        ...{ pipeline, signal },
        batchSize: configuration.evaluate.batch,
        onBadImage: configuration.train.onBadImage,
        onProgress: (done, total) => onEvaluation?.(set.name, done, total),
        onAnswer: predictions.of(set.name),
      });
    }
    return { evaluations, sets: predictions.sets };
  } finally {
    experiment.dispose();
  }
}
