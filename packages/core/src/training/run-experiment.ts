import { join } from 'node:path';
import { seedsOf } from '../config/configuration.js';
import type { Dataset, ImageItem } from '../contracts/dataset.js';
import type { Evaluation, EvaluationSet } from '../contracts/evaluation.js';
import type { FeatureStore } from '../contracts/features.js';
import type { DataPipeline } from '../contracts/pipeline.js';
import type { Experiment } from '../experiment/experiment.js';
import { TOKENS } from '../experiment/tokens.js';
import { checkMemory, memoryOf } from './check-memory.js';
import { evaluateSet } from './evaluate-set.js';
import type { TrainEvent } from './events.js';
import { nearestWords } from './nearest-words.js';
import { trainingPhases } from './phases.js';
import { PredictionLog } from './predictions.js';
import { provenanceOf, type Surroundings } from './provenance.js';
import { RunFolder, runFiles } from './run-folder.js';
import type { RunResult } from './run-result.js';
import { SkipLog } from './skipped-images.js';
import { train } from './trainer.js';

/** What to run, and where its files go. */
export interface RunRequest {
  readonly experiment: Experiment;
  readonly pipeline: DataPipeline;
  /** Folder that relative paths of the configuration refer to. */
  readonly configurationFolder: string;
  /** Folder of the run, see `runFiles`. */
  readonly folder: string;
  /** Go on with the run that the folder holds, if it holds one. */
  readonly resume?: boolean;
  /** What to evaluate on at the end. Default: the test images, or those of validation where there are none. */
  readonly evaluations?: readonly EvaluationSet[];
  /** Image features known from before, of this backbone and data set. */
  readonly features?: FeatureStore;
  readonly surroundings?: Surroundings;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
  /** How far the evaluation at the end is. */
  readonly onEvaluation?: (name: string, done: number, total: number) => void;
}

/**
 * Trains an experiment, evaluates it and writes everything into the run's folder.
 *
 * @returns the result, or undefined where the signal stopped it; then the same call with `resume` goes on
 * @throws whatever training and evaluation throw; the reason is in `log.txt`, too
 */
export async function runExperiment(request: RunRequest): Promise<RunResult | undefined> {
  const { experiment, pipeline, resume = false, features = new Map(), surroundings, signal, onEvent } = request;
  const { configuration, classifier, dataset, modules, contents } = experiment;
  const folder = new RunFolder(request.folder, configuration, resume);
  try {
    const warnings: string[] = [];
    const record = (event: TrainEvent): void => {
      if (event.type === 'warning') warnings.push(event.message);
      folder.record(event);
      onEvent?.(event);
    };
    experiment.log.listen(record);
    const skips = new SkipLog((line) => folder.log(line));
    const memory = await memoryWarning(experiment);
    for (const message of [...experiment.warnings, ...(memory ? [memory] : [])]) record({ type: 'warning', message });
    const sets = request.evaluations ?? defaultEvaluations(experiment);
    const notes = notesOf(dataset, sets);
    for (const message of [...(experiment.backbone.notes ?? []), ...notes.map((note) => `Data: ${note}`)]) {
      record({ type: 'note', message });
    }
    const { status, ...training } = await train({
      classifier,
      pipeline: skips.watching(pipeline, (item) => splitOf(experiment, item)),
      dataset,
      settings: configuration.train,
      seed: seedsOf(configuration).order,
      evaluationBatch: configuration.evaluate.batch,
      runFolder: folder.path,
      configuration,
      modules,
      contents,
      computation: surroundings?.computation,
      configurationFolder: request.configurationFolder,
      resume,
      features,
      signal,
      onEvent: record,
    });
    if (status === 'stopped') return undefined;

    const begun = performance.now();
    const evaluations = Object.create(null) as Record<string, Evaluation>; // a set may be called `__proto__`
    const predictions = new PredictionLog();
    for (const set of sets) {
      evaluations[set.name] = await evaluateSet(classifier, set, {
        pipeline: skips.watching(pipeline, set.name),
        batchSize: configuration.evaluate.batch,
        onBadImage: configuration.train.onBadImage,
        features: set.dataset === dataset ? features : undefined,
        signal,
        onProgress: (done, total) => request.onEvaluation?.(set.name, done, total),
        onAnswer: predictions.of(set.name),
      });
      folder.log(`Evaluated ${set.name}: accuracy ${evaluations[set.name]!.accuracy}.`);
    }
    const unusedValidation = validationLeft(experiment, sets);
    const result: RunResult = {
      format: 1,
      parameters: classifier.learnedNumbers,
      training,
      evaluations,
      ...skips.result,
      ...(notes.length > 0 && { notes }),
      ...(warnings.length > 0 && { warnings }),
      ...(unusedValidation > 0 && { unusedValidation }),
      evaluationSeconds: (performance.now() - begun) / 1000,
      provenance: await provenanceOf(experiment, join(folder.path, runFiles.learned), surroundings),
    };
    folder.writeDetails(predictions.sets, nearestWords(classifier));
    folder.writeResult(result);
    return result;
  } catch (error) {
    if (signal?.aborted && error === signal.reason) {
      folder.log('Stopped during the evaluation.');
      return undefined;
    }
    folder.log(`Failed: ${error instanceof Error ? error.message : String(error)}`);
    throw error;
  }
}

/** What is to be known about the data set that is trained on, and about others that are tested on, by the names of their sets. */
function notesOf(trained: Dataset, sets: readonly EvaluationSet[]): string[] {
  const own = trained.notes ?? [];
  const others = sets.flatMap(({ name, dataset }) =>
    (dataset.notes ?? []).filter((note) => !own.includes(note)).map((note) => `${name}: ${note}`),
  );
  return [...new Set([...own, ...others])];
}

/** Validation images that nothing looked at. */
function validationLeft({ classifier, configuration, dataset }: Experiment, sets: readonly EvaluationSet[]): number {
  const isUsed =
    configuration.train.evaluateEvery > 0 ||
    classifier.parts.headProperties.prepares?.validation ||
    sets.some((set) => set.split === 'val');
  return isUsed ? 0 : dataset.val.length;
}

/** The split that an image of a training belongs to. */
function splitOf({ dataset }: Experiment, item: ImageItem): string {
  return (['val', 'test'] as const).find((split) => dataset[split].includes(item)) ?? 'train';
}

function defaultEvaluations({ dataset }: Experiment): EvaluationSet[] {
  const split = (['test', 'val'] as const).find((name) => dataset[name].length > 0);
  return split ? [{ name: split, dataset, split }] : [];
}

/** @throws BackendError where the run would need more memory than there is */
async function memoryWarning({
  container,
  configuration,
  classifier,
  dataset,
}: Experiment): Promise<string | undefined> {
  if (!container.isRegistered(TOKENS.availableBytes, true)) return undefined;
  const available = await container.resolve(TOKENS.availableBytes)();
  if (available === undefined) return undefined;
  const warnings = trainingPhases(classifier, configuration.train, dataset).map((phase) =>
    checkMemory(memoryOf(phase), available),
  );
  return warnings.find((warning) => warning !== undefined);
}
