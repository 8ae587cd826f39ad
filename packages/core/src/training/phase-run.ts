import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Evaluation } from '../contracts/evaluation.js';
import type { FeatureStore } from '../contracts/features.js';
import { DatasetError } from '../errors.js';
import { meanGradients } from './accumulate.js';
import { ahead } from './ahead.js';
import { EpochAverage } from './average.js';
import { storeFeatures, type ImageSource } from './batches.js';
import { evaluate } from './evaluate.js';
import type { TrainEvent } from './events.js';
import { learningRateFactors } from './learning-rate-factors.js';
import { createOptimizer } from './optimizer.js';
import type { Phase } from './phases.js';
import type { TrainingPlan } from './plan.js';
import { describeStop, stopOf, withValidation } from './patience.js';
import type { PhaseState } from './resume-file.js';
import { learningRateAt } from './schedule.js';
import type { Standing } from './standing.js';
import type { StepClock } from './step-clock.js';
import { stepGroups, type StepGroup } from './step-groups.js';
import type { TrainRequest } from './train-request.js';
import { assignValues, variableValues } from './variable-values.js';

/** What all phases of a training share. */
export interface SharedRun {
  readonly request: TrainRequest;
  /** Of all phases together. */
  readonly length: Pick<TrainingPlan, 'steps' | 'epochs'>;
  readonly clock: StepClock;
  readonly standing: Standing;
  readonly emit: (event: TrainEvent) => void;
  /** Writes what a training needs to go on. */
  readonly save: () => Promise<void>;
  /** Writes it where the last time is long ago, or these seconds. */
  readonly saveInTime: (atMost?: number) => Promise<void>;
}

/** Seconds between two saves after epochs: with stored features hundreds of epochs pass in seconds, and a save waits for the disk. */
const SAVE_EPOCHS = 2;

/** One phase of a training under way, with an optimiser, an average and stored image features of its own. */
export class PhaseRun {
  readonly state: PhaseState;
  readonly source: ImageSource;
  /** Image features that are constant in this phase: of the frozen towers, or of what was learned in them before. */
  readonly features?: FeatureStore;

  constructor(
    private readonly shared: SharedRun,
    readonly phase: Phase,
  ) {
    const { classifier, pipeline, dataset, seed, features } = shared.request;
    const { settings, plan } = phase;
    const { average, onBadImage } = settings;
    this.state = {
      optimizer: createOptimizer(settings),
      ...(average && { average: new EpochAverage(average, plan.epochs) }),
    };
    this.source = {
      ...{ backbone: phase.classifier.parts.backbone, pipeline, policy: dataset.imagePolicy, seed, onBadImage },
    };
    if (phase.classifier.imageFeaturesAreConstant) {
      this.features = (classifier.imageFeaturesAreConstant ? features : undefined) ?? new Map();
    }
  }

  /**
   * Its steps from where the training stands on, to its end.
   * @throws the signal's reason where it is aborted; everything up to then is in the standing
   */
  async passes(): Promise<void> {
    const { standing, request, saveInTime } = this.shared;
    const { settings, plan, classifier } = this.phase;
    const begun = standing.progress.phase;
    const [lastStep, epochs] = [begun.step + plan.steps, begun.epoch + plan.epochs];
    const features = await this.storedFeatures(begun.epoch, epochs);
    if (standing.progress.step < lastStep && !stopOf(standing.progress)) {
      const { learningRateFactors: patterns } = settings;
      const factors = learningRateFactors(request.classifier, patterns);
      const groups = stepGroups({
        ...{ source: this.source, items: request.dataset.train, settings, features },
        ...{ plan: { ...plan, epochs }, from: standing.progress },
      });
      let asked = performance.now();
      for await (const group of ahead(groups)) {
        if (group.batches) this.step(group, (performance.now() - asked) / 1000, factors);
        await setImmediate(); // signals and loaders get their turn
        request.signal?.throwIfAborted();
        const done = standing.progress.step === lastStep;
        if (done || !group.batches) await this.closeEpoch();
        else await saveInTime();
        if (done || stopOf(standing.progress)) break;
        request.signal?.throwIfAborted(); // what listens to evaluations may have seen enough
        asked = performance.now();
      }
    } else if (standing.progress.offset > 0) await this.closeEpoch();
    this.state.average?.assign(classifier.variables, standing.progress.epoch - begun.epoch);
    if (standing.best) assignValues(request.classifier, standing.best, 'the best values');
  }

  dispose(): void {
    this.state.optimizer.dispose();
    this.state.average?.dispose();
    if (this.phase.classifier !== this.shared.request.classifier) this.phase.classifier.forget();
  }

  /** Image features for the passes `from` … `to` − 1; undefined where images are to be encoded in each step. */
  private async storedFeatures(from: number, to: number): Promise<FeatureStore | undefined> {
    const { features, source, shared, phase } = this;
    const { augment, minimumCrop, views } = phase.settings;
    if (!features || (augment && views === undefined)) return undefined;
    const { dataset, seed, signal } = shared.request;
    const onProgress = (done: number, total: number): void => shared.emit({ type: 'features', done, total });
    for (let index = 0; index < (augment ? views! : 1); index++) {
      if (augment && !isSeen(index, views!, from, to)) continue;
      const view = augment ? { index, seed, minimumCrop } : undefined;
      await storeFeatures(features, source, dataset.train, { signal, onProgress }, view);
    }
    return features;
  }

  private step(
    { batches, epoch, offset }: StepGroup,
    loaderWait: number,
    factors: Readonly<Record<string, number>>,
  ): void {
    const { standing, clock, emit, length, request } = this.shared;
    const { classifier, settings, plan } = this.phase;
    const { steps, epochs } = length;
    const begun = performance.now();
    const { phase: from, step: before } = standing.progress;
    const learningRate = learningRateAt(settings, { epoch: epoch - from.epoch, step: before - from.step }, plan);
    const step = before + 1;
    const mean = meanGradients(classifier, batches, step, learningRate, request.seed);
    const { loss, terms, images, correct, gradients } = mean;
    this.state.optimizer.apply(classifier.variables, gradients, learningRate, factors);
    tf.dispose(Object.values(gradients));
    const seconds = loaderWait + (performance.now() - begun) / 1000;
    clock.add(seconds, images);
    standing.progress = { ...standing.progress, epoch, offset, step, seconds: standing.progress.seconds + seconds };
    emit({
      ...{ type: 'step', step, steps, epoch, epochs, loss, terms, accuracy: correct / images, learningRate },
      imagesPerSecond: clock.imagesPerSecond,
      secondsLeft: clock.secondsFor(steps - step),
      loaderWait,
    });
  }

  /** Evaluates where it is time for it, and saves. */
  private async closeEpoch(): Promise<void> {
    const { standing, request, emit, save, saveInTime } = this.shared;
    const { settings, plan, classifier } = this.phase;
    const { step, epoch: passed, phase: from } = standing.progress;
    if (step === 0) {
      throw new DatasetError('Not one training image could be read.', { where: request.dataset.name });
    }
    const epoch = passed + 1;
    const { evaluateEvery, evaluateOn: split, keep } = settings;
    let { best } = standing.progress;
    const last = step === from.step + plan.steps;
    let waited: ReturnType<typeof withValidation> = {};
    const evaluates = evaluateEvery > 0 && (epoch % evaluateEvery === 0 || last);
    if (evaluates) {
      const result = await this.evaluate(split);
      emit({ type: 'evaluation', name: split, step, epoch, result });
      if (keep === 'best' && result.accuracy > (best?.accuracy ?? -1)) {
        best = { epoch, step, accuracy: result.accuracy };
        standing.best = await variableValues(request.classifier.values);
      }
      const { accuracy } = result;
      waited = withValidation(standing.progress, settings, { epoch, step, accuracy, isLast: last });
    }
    classifier.parts.head.endEpoch?.();
    this.state.average?.add(classifier.variables, passed - from.epoch);
    standing.progress = { ...standing.progress, epoch, offset: 0, ...(best && { best }), ...waited };
    const early = stopOf(standing.progress);
    if (early) emit({ type: 'note', message: describeStop(early) });
    await (last || evaluates ? save() : saveInTime(SAVE_EPOCHS));
  }

  private evaluate(split: 'val' | 'test'): Promise<Evaluation> {
    const { pipeline, dataset, evaluationBatch: batchSize, signal } = this.shared.request;
    const { classifier, settings } = this.phase;
    const { features } = this;
    const { onBadImage } = settings;
    const items = dataset[split];
    return evaluate({ classifier, pipeline, dataset, items, batchSize, features, onBadImage, signal });
  }
}

/** Whether a view is taken in one of the passes `from` … `to` − 1. */
function isSeen(index: number, views: number, from: number, to: number): boolean {
  return (index - (from % views) + views) % views < to - from;
}
