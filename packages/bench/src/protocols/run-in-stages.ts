import { join, resolve } from 'node:path';
import type { Evaluation, EvaluationSet } from '@promptweave/core';
import {
  Classifier,
  createExperiment,
  evaluateSet,
  joinSkipped,
  PredictionLog,
  readPredictions,
  runExperiment,
  SkipLog,
  stageFolders,
  writePredictions,
  type Experiment,
  type RunResult,
} from '@promptweave/core/experiment';
import { JoinedLabels } from './joined-labels.js';
import { evaluationSets } from './protocol-context.js';
import type { ProtocolRun } from './protocol-run.js';

/**
 * Trains the base classes, then others with what was learned before: the prompt goes on from its values, the labels of the new names
 * are learned, those of the old ones stay. Evaluated before the second training (`before/…`) and after it (`after/…`) with the labels
 * of both.
 */
export async function runInStages(run: ProtocolRun, next: 'novel'): Promise<RunResult | undefined> {
  const { configuration, environment, folder, configurationFolder, resume = true, ...watch } = run;
  const { registry, pipeline, features, surroundings } = environment;
  const base = resolve(configurationFolder);
  const options = { ...environment, folder: base, texts: features?.texts(configuration) };
  const request = { pipeline, configurationFolder, surroundings, resume, ...watch };
  const made: { dispose(): void }[] = [];
  try {
    const first = await createExperiment(configuration, options);
    made.push(first);
    const sets = await evaluationSets({ experiment: first, registry, pipeline, folder: base, features });
    const before = await runExperiment({
      ...request,
      experiment: first,
      folder: join(folder, stageFolders.first),
      evaluations: named('before', sets),
      features: sets[0]?.features,
    });
    if (!before) return undefined;

    const others = { ...configuration, dataset: { ...configuration.dataset, classes: next } };
    const fresh = await createExperiment(others, options);
    made.push(fresh);
    const second = { ...fresh, classifier: goOn(first, fresh) };
    made.push(second.classifier.parts.aligner, second.classifier.parts.head);
    const trained = await runExperiment({
      ...request,
      experiment: second,
      folder: join(folder, stageFolders.second),
      evaluations: [],
      features: sets[0]?.features,
    });
    if (!trained) return undefined;

    const labels = new JoinedLabels([first.classifier.parts.aligner, second.classifier.parts.aligner]);
    made.push(labels);
    const joined = second.classifier.withLabels(labels);
    made.push(joined.parts.head);
    const predictions = new PredictionLog();
    const begun = performance.now();
    const skips = new SkipLog();
    const after = await evaluateAll(joined, named('after', sets), run, predictions, skips);
    const evaluationSeconds = before.evaluationSeconds + (performance.now() - begun) / 1000;
    writePredictions(folder, { ...readPredictions(join(folder, stageFolders.first)), ...predictions.sets });
    const labelSizes = Object.values(second.classifier.parts.aligner.variables).map(({ size }) => size);
    const parameters = labelSizes.reduce((total, size) => total + size, before.parameters);
    const skipped = joinSkipped(before, trained, skips.result);
    const warnings = [...new Set([...(before.warnings ?? []), ...(trained.warnings ?? [])])];
    const told = { ...skipped, ...(warnings.length > 0 && { warnings }) };
    return after && { ...combine(before, trained, after), ...told, parameters, evaluationSeconds };
  } finally {
    for (const part of made.reverse()) part.dispose();
  }
}

/** The classifier of the second training: labels and head are the first one's for other names; prompt and tuning start where the first one's ended. */
function goOn(first: Experiment, fresh: Experiment): Classifier {
  const { aligner, head } = first.classifier.parts;
  const { parts } = fresh.classifier;
  const { classNames } = parts.aligner;
  for (const part of ['learner', 'tuning'] as const) {
    const before = first.classifier.parts[part].variables;
    for (const [name, variable] of Object.entries(parts[part].variables)) variable.assign(before[name]!);
  }
  return new Classifier({ ...parts, aligner: aligner.withClasses(classNames), head: head.withClasses(classNames) });
}

function named(when: 'before' | 'after', sets: readonly EvaluationSet[]): EvaluationSet[] {
  return sets.map((set) => ({ ...set, name: `${when}/${set.name}` }));
}

/** @returns undefined where the signal stopped it */
async function evaluateAll(
  classifier: Classifier,
  sets: readonly EvaluationSet[],
  { configuration, environment, signal, onEvaluation }: ProtocolRun,
  predictions: PredictionLog,
  skips: SkipLog,
): Promise<Record<string, Evaluation> | undefined> {
  const evaluations = Object.create(null) as Record<string, Evaluation>; // a set may be called `__proto__`
  for (const set of sets) {
    if (signal?.aborted) return undefined;
    evaluations[set.name] = await evaluateSet(classifier, set, {
      pipeline: skips.watching(environment.pipeline, set.name),
      batchSize: configuration.evaluate.batch,
      onBadImage: configuration.train.onBadImage,
      onProgress: (done, total) => onEvaluation?.(set.name, done, total),
      onAnswer: predictions.of(set.name),
    });
  }
  return evaluations;
}

function combine(before: RunResult, trained: RunResult, after: Readonly<Record<string, Evaluation>>): RunResult {
  const { training } = trained;
  return {
    ...trained,
    training: {
      ...training,
      step: before.training.step + training.step,
      steps: before.training.steps + training.steps,
      epochs: before.training.epochs + training.epochs,
      seconds: before.training.seconds + training.seconds,
    },
    evaluations: { ...before.evaluations, ...after },
  };
}
