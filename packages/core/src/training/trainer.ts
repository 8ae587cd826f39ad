import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Evaluation } from '../contracts/evaluation.js';
import type { FeatureStore } from '../contracts/features.js';
import type { HeadMaterial } from '../contracts/head.js';
import { DatasetError } from '../errors.js';
import type { StateDict } from '../safetensors/index.js';
import { meanGradients } from './accumulate.js';
import { ahead } from './ahead.js';
import { EpochAverage } from './average.js';
import { storeFeatures, type ImageSource } from './batches.js';
import { evaluate } from './evaluate.js';
import type { TrainEvent } from './events.js';
import { disposeMaterial, headMaterial } from './head-material.js';
import { learningRateFactors } from './learning-rate-factors.js';
import { saveLearned } from './learned-file.js';
import { createOptimizer, type Optimizer } from './optimizer.js';
import { planTraining, type TrainingPlan } from './plan.js';
import { loadResume, saveResume, type Progress } from './resume-file.js';
import { learningRateAt, warmupWarning } from './schedule.js';
import { StepClock } from './step-clock.js';
import { stepGroups, type StepGroup } from './step-groups.js';
import { checkRequest, identityOf, type TrainOutcome, type TrainRequest } from './train-request.js';
import { assignValues, variableValues } from './variable-values.js';

/** Names of the files that a training writes. */
export const checkpointFiles = { learned: 'prompts.safetensors', resume: 'resume.safetensors' } as const;

/**
 * Trains a classifier's variables in place. The same request gives the same bits on the same machine and backend, however
 * often it was interrupted.
 *
 * @throws TrainingError where the loss is not finite: it names the step, every term and the learning rate
 * @throws ConfigError where the settings need validation images and there are none
 * @throws DatasetError where there is no training image, or one cannot be read and is not to be skipped
 * @throws CheckpointError where a resumed training was begun with another configuration
 */
export async function train(request: TrainRequest): Promise<TrainOutcome> {
  const run = new Training(request);
  try {
    return await run.run();
  } finally {
    run.dispose();
  }
}

class Training {
  private readonly optimizer: Optimizer;
  private readonly features?: FeatureStore;
  private readonly plan: TrainingPlan;
  private readonly clock = new StepClock();
  private progress: Progress = { epoch: 0, offset: 0, step: 0, seconds: 0 };
  private best?: StateDict;
  private readonly average?: EpochAverage;
  private savedAt = performance.now();
  private factors: Readonly<Record<string, number>> = {};

  constructor(private readonly request: TrainRequest) {
    this.plan = planTraining(request.settings, request.dataset.train.length);
    this.optimizer = createOptimizer(request.settings);
    const { average } = request.settings;
    if (average) this.average = new EpochAverage(average, this.plan.epochs);
    if (request.classifier.imageFeaturesAreConstant) this.features = request.features ?? new Map();
  }

  async run(): Promise<TrainOutcome> {
    const { classifier, dataset, runFolder, resume } = this.request;
    const { steps, epochs } = this.plan;
    const { headProperties } = classifier.parts;
    const mayLearn = headProperties.learns !== false || Object.keys(classifier.variables).length > 0;
    if (mayLearn || headProperties.prepares) checkRequest(this.request);
    if (runFolder) await prepareFolder(runFolder);
    if (mayLearn && resume && runFolder && existsSync(this.path('resume'))) await this.restore();
    const begun = this.progress.step > 0 || this.progress.epoch > 0;
    const prepared = begun || (await this.stoppable(() => this.prepareHead()));
    if (prepared) this.factors = learningRateFactors(classifier, this.request.settings.learningRateFactors);
    const parameters = Object.values(classifier.variables).reduce((total, variable) => total + variable.size, 0);
    const fitted = Object.values(classifier.parts.head.fitted ?? {}).reduce((total, { size }) => total + size, 0);
    const learns = prepared && parameters > 0;
    const { step: done, epoch } = this.progress;
    this.emit({
      type: 'start',
      steps: learns ? steps : 0,
      epochs,
      images: dataset.train.length,
      parameters,
      ...(fitted > 0 && { fitted }),
      resumedAt: { step: done, epoch },
    });
    const warning = learns ? warmupWarning(this.request.settings, this.plan) : undefined;
    if (warning) this.emit({ type: 'warning', message: warning });
    const passed = prepared && (!learns || (await this.stoppable(() => this.passes())));
    if (passed) this.average?.assign(classifier.variables);
    if (passed && this.best) assignValues(classifier, this.best, 'the best values');
    const finished = passed && (await this.stoppable(() => this.finishHead()));
    if (runFolder) {
      const { step } = this.progress.best && finished ? this.progress.best : this.progress;
      const { configuration, configurationFolder: folder = '.' } = this.request;
      const { template } = dataset;
      await saveLearned(this.path('learned'), classifier, { template, configuration, folder, step });
      this.emit({ type: 'checkpoint', path: this.path('learned'), step });
    }
    const status = finished ? 'finished' : 'stopped';
    const { step, seconds, best } = this.progress;
    this.emit({ type: 'end', status, step, seconds });
    return { status, step, steps, epochs, seconds, ...(best && { best }) };
  }

  dispose(): void {
    this.optimizer.dispose();
    this.average?.dispose();
  }

  /** @returns whether this part of the training came to its end; false where it was stopped. */
  private async stoppable(work: () => Promise<void>): Promise<boolean> {
    const { signal } = this.request;
    try {
      await work();
      return true;
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error;
      await this.save();
      return false;
    }
  }

  private async prepareHead(): Promise<void> {
    const { head } = this.request.classifier.parts;
    if (head.prepare) await this.withMaterial((material) => head.prepare!(material));
  }

  private async finishHead(): Promise<void> {
    const { head } = this.request.classifier.parts;
    if (head.finish) await this.withMaterial((material) => head.finish!(material));
  }

  private async withMaterial(use: (material: HeadMaterial) => void): Promise<void> {
    const { classifier, dataset, signal } = this.request;
    const onProgress = (done: number, total: number): void => this.emit({ type: 'features', done, total });
    const material = await headMaterial({
      ...{ classifier, source: this.source(), train: dataset.train, validation: dataset.val },
      features: this.features ?? new Map(),
      watch: { signal, onProgress },
    });
    try {
      if (material) use(material);
    } finally {
      disposeMaterial(material);
    }
  }

  /** @throws the signal's reason where it is aborted; everything up to then is in `progress` */
  private async passes(): Promise<void> {
    const { plan } = this;
    const { dataset, settings, signal, saveSeconds = 60 } = this.request;
    const { augment, minimumCrop, views } = settings;
    const features = augment && views === undefined ? undefined : this.features;
    if (features) {
      const onProgress = (done: number, total: number): void => this.emit({ type: 'features', done, total });
      for (let index = 0; index < (augment ? Math.min(views!, plan.epochs) : 1); index++) {
        const view = augment ? { index, seed: this.request.seed, minimumCrop } : undefined;
        await storeFeatures(features, this.source(), dataset.train, { signal, onProgress }, view);
      }
    }
    if (this.progress.step >= plan.steps) return this.progress.offset > 0 ? this.closeEpoch() : undefined;
    let asked = performance.now();
    for await (const group of ahead(
      stepGroups({ source: this.source(), items: dataset.train, settings, plan, from: this.progress, features }),
    )) {
      if (group.batches) this.step(group, (performance.now() - asked) / 1000);
      await setImmediate(); // signals and loaders get their turn
      signal?.throwIfAborted();
      const done = this.progress.step === plan.steps;
      if (done || !group.batches) await this.closeEpoch();
      else if (performance.now() - this.savedAt > saveSeconds * 1000) await this.save();
      if (done) return;
      asked = performance.now();
    }
  }

  private step({ batches, epoch, offset }: StepGroup, loaderWait: number): void {
    const { classifier, settings } = this.request;
    const { steps, epochs } = this.plan;
    const begun = performance.now();
    const learningRate = learningRateAt(settings, { epoch, step: this.progress.step }, this.plan);
    const step = this.progress.step + 1;
    const { seed } = this.request;
    const { loss, terms, images, correct, gradients } = meanGradients(classifier, batches, step, learningRate, seed);
    this.optimizer.apply(classifier.variables, gradients, learningRate, this.factors);
    tf.dispose(Object.values(gradients));
    const seconds = loaderWait + (performance.now() - begun) / 1000;
    this.clock.add(seconds, images);
    this.progress = { ...this.progress, epoch, offset, step, seconds: this.progress.seconds + seconds };
    this.emit({
      type: 'step',
      step,
      steps,
      epoch,
      epochs,
      loss,
      terms,
      accuracy: correct / images,
      learningRate,
      imagesPerSecond: this.clock.imagesPerSecond,
      secondsLeft: this.clock.secondsFor(steps - step),
      loaderWait,
    });
  }

  /** Evaluates where it is time for it, and saves. */
  private async closeEpoch(): Promise<void> {
    const { classifier, dataset, settings } = this.request;
    const { step, epoch: passed } = this.progress;
    if (step === 0) {
      throw new DatasetError('Not one training image could be read.', { where: dataset.name });
    }
    const epoch = passed + 1;
    const { evaluateEvery, evaluateOn: split, keep } = settings;
    let { best } = this.progress;
    if (evaluateEvery > 0 && (epoch % evaluateEvery === 0 || step === this.plan.steps)) {
      const result = await this.evaluate(split);
      this.emit({ type: 'evaluation', name: split, step, epoch, result });
      if (keep === 'best' && result.accuracy > (best?.accuracy ?? -1)) {
        best = { epoch, step, accuracy: result.accuracy };
        this.best = await variableValues(classifier.values);
      }
    }
    classifier.parts.head.endEpoch?.();
    this.average?.add(classifier.variables, passed);
    this.progress = { ...this.progress, epoch, offset: 0, ...(best && { best }) };
    await this.save();
  }

  private evaluate(split: 'val' | 'test'): Promise<Evaluation> {
    const { classifier, pipeline, dataset, settings, evaluationBatch: batchSize, signal } = this.request;
    const { onBadImage } = settings;
    const items = dataset[split];
    return evaluate({ classifier, pipeline, dataset, items, batchSize, features: this.features, onBadImage, signal });
  }

  private async save(): Promise<void> {
    if (!this.request.runFolder) return;
    const { optimizer, progress, best, average } = this;
    const path = this.path('resume');
    const { classifier, computation } = this.request;
    await saveResume(path, {
      ...{ classifier, optimizer, progress, best, average, computation },
      identity: identityOf(this.request),
    });
    this.savedAt = performance.now();
    this.emit({ type: 'checkpoint', path, step: progress.step });
  }

  private async restore(): Promise<void> {
    const { classifier, computation } = this.request;
    const { optimizer, average } = this;
    const resumed = await loadResume(this.path('resume'), classifier, { optimizer, average }, identityOf(this.request));
    this.progress = resumed.progress;
    this.best = resumed.best;
    if (resumed.computation !== computation) {
      const [before, now] = [resumed.computation, computation].map((what) => what ?? 'a backend that is not known');
      const message = `So far, ${before} computed this training; it goes on with ${now}. The last digits may be others than those of a training that stays in one place.`;
      this.emit({ type: 'warning', message });
    }
  }

  private source(): ImageSource {
    const { classifier, pipeline, dataset, settings, seed } = this.request;
    const { backbone } = classifier.parts;
    return { backbone, pipeline, policy: dataset.imagePolicy, seed, onBadImage: settings.onBadImage };
  }

  private path(file: keyof typeof checkpointFiles): string {
    return join(this.request.runFolder!, checkpointFiles[file]);
  }

  private emit(event: TrainEvent): void {
    this.request.onEvent?.(event);
  }
}

/** Makes the folder, and takes away what a killed process had begun to write. */
async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = Object.values(checkpointFiles);
  for (const file of await readdir(folder)) {
    if (file.endsWith('.tmp') && names.some((name) => file.startsWith(name))) await rm(join(folder, file));
  }
}
