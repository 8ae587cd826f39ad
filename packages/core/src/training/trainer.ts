import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Evaluation } from '../contracts/evaluation.js';
import type { FeatureStore } from '../contracts/features.js';
import type { HeadMaterial } from '../contracts/head.js';
import type { NamedVariables } from '../contracts/variables.js';
import { DatasetError } from '../errors.js';
import type { StateDict } from '../safetensors/index.js';
import { meanGradients } from './accumulate.js';
import { ahead } from './ahead.js';
import { EpochAverage } from './average.js';
import { storeFeatures, type ImageSource } from './batches.js';
import { evaluate } from './evaluate.js';
import type { TrainEvent } from './events.js';
import { disposeMaterial, headMaterial, textsOf } from './head-material.js';
import { learningRateFactors } from './learning-rate-factors.js';
import { saveLearned } from './learned-file.js';
import { createOptimizer } from './optimizer.js';
import { lengthOf, trainingPhases, type Phase } from './phases.js';
import { loadResume, saveResume, type PhaseState, type Progress } from './resume-file.js';
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
  private readonly phases: readonly Phase[];
  /** Of all phases together. */
  private readonly length: { readonly steps: number; readonly epochs: number };
  private readonly clock = new StepClock();
  private progress: Progress = {
    ...{ epoch: 0, offset: 0, step: 0, seconds: 0 },
    phase: { number: 0, epoch: 0, step: 0 },
  };
  /** What belongs to the present phase alone. */
  private state: PhaseState;
  private features?: FeatureStore;
  private best?: StateDict;
  private savedAt = performance.now();
  private factors: Readonly<Record<string, number>> = {};

  constructor(private readonly request: TrainRequest) {
    this.phases = trainingPhases(request.classifier, request.settings, request.dataset);
    this.length = lengthOf(this.phases);
    this.state = stateOf(this.phase);
    this.features = this.storeOf(this.phase);
  }

  async run(): Promise<TrainOutcome> {
    const { classifier, dataset, runFolder, resume } = this.request;
    const { steps, epochs } = this.length;
    const { headProperties } = classifier.parts;
    const mayLearn = headProperties.learns !== false || Object.keys(classifier.variables).length > 0;
    if (mayLearn || headProperties.prepares) checkRequest(this.request);
    if (runFolder) await prepareFolder(runFolder);
    if (mayLearn && resume && runFolder && existsSync(this.path('resume'))) await this.restore();
    const begun = this.progress.step > 0 || this.progress.epoch > 0;
    const prepared = begun || (await this.stoppable(() => this.beginHead(this.phase)));
    if (prepared) this.factors = this.factorsOf(this.phase);
    const parameters = sizeOf(classifier.variables);
    const fitted = sizeOf(classifier.parts.head.fitted ?? {});
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
    const passed = prepared && (!learns || (await this.stoppable(() => this.throughPhases())));
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
    disposeState(this.state);
    for (const { classifier } of this.phases) if (classifier !== this.request.classifier) classifier.forget();
  }

  private get phase(): Phase {
    return this.phases[this.progress.phase.number]!;
  }

  /** The phases from the present one on, each with what it ends with. */
  private async throughPhases(): Promise<void> {
    this.beginPhase();
    for (;;) {
      await this.passes();
      const { classifier } = this.phase;
      this.state.average?.assign(classifier.variables);
      if (this.best) assignValues(this.request.classifier, this.best, 'the best values');
      const next = this.phases[this.progress.phase.number + 1];
      if (!next) return;
      await this.beginHead(next); // stopped here, the training goes on at the end of the phase before
      this.enter(next);
      this.beginPhase();
    }
  }

  /** Optimiser, average and image features of the phase before are gone. */
  private enter(next: Phase): void {
    const { epoch, step, seconds } = this.progress;
    disposeState(this.state);
    this.best = undefined;
    this.progress = { epoch, step, seconds, offset: 0, phase: { number: next.number, epoch, step } };
    this.state = stateOf(next);
    this.features = this.storeOf(next);
    this.factors = this.factorsOf(next);
  }

  private factorsOf({ settings }: Phase): Readonly<Record<string, number>> {
    return learningRateFactors(this.request.classifier, settings.learningRateFactors);
  }

  private beginPhase(): void {
    const { phases, phase } = this;
    const { settings, plan, number, learns } = phase;
    if (phases.length > 1) {
      const parameters = sizeOf(phase.classifier.variables);
      this.emit({ type: 'phase', phase: number + 1, phases: phases.length, learns, parameters, steps: plan.steps });
    }
    const warning = warmupWarning(settings, plan);
    if (warning) this.emit({ type: 'warning', message: warning });
  }

  /** Image features that are constant in a phase: of the frozen towers, or of what was learned in them before. */
  private storeOf({ classifier }: Phase): FeatureStore | undefined {
    if (!classifier.imageFeaturesAreConstant) return undefined;
    const untouched = this.request.classifier.imageFeaturesAreConstant;
    return untouched && this.request.features ? this.request.features : new Map();
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

  private async beginHead(phase: Phase): Promise<void> {
    const { head } = this.request.classifier.parts;
    if (!phase.headBegins) return;
    if (head.prepare) await this.withMaterial(phase, (material) => head.prepare!(material));
    if (!head.start) return;
    const texts = textsOf(phase.classifier);
    head.start(texts);
    texts.dispose();
  }

  private async finishHead(): Promise<void> {
    const { head } = this.request.classifier.parts;
    if (head.finish) await this.withMaterial(this.phase, (material) => head.finish!(material));
  }

  private async withMaterial(phase: Phase, use: (material: HeadMaterial) => void): Promise<void> {
    const { dataset, signal } = this.request;
    const onProgress = (done: number, total: number): void => this.emit({ type: 'features', done, total });
    const material = await headMaterial({
      ...{ classifier: phase.classifier, properties: this.request.classifier.parts.headProperties },
      ...{ source: this.source(phase), train: dataset.train, validation: dataset.val },
      features: (phase === this.phase ? this.features : this.storeOf(phase)) ?? new Map(),
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
    const { phase, features: known } = this;
    const { settings, plan } = phase;
    const { dataset, signal, saveSeconds = 60 } = this.request;
    const { augment, minimumCrop, views } = settings;
    const begun = this.progress.phase;
    const [lastStep, epochs] = [begun.step + plan.steps, begun.epoch + plan.epochs];
    const source = this.source(phase);
    const features = augment && views === undefined ? undefined : known;
    if (features) {
      const onProgress = (done: number, total: number): void => this.emit({ type: 'features', done, total });
      for (let index = 0; index < (augment ? views! : 1); index++) {
        if (augment && !isSeen(index, views!, begun.epoch, epochs)) continue;
        const view = augment ? { index, seed: this.request.seed, minimumCrop } : undefined;
        await storeFeatures(features, source, dataset.train, { signal, onProgress }, view);
      }
    }
    if (this.progress.step >= lastStep) return this.progress.offset > 0 ? this.closeEpoch() : undefined;
    let asked = performance.now();
    const groups = stepGroups({
      ...{ source, items: dataset.train, settings, features },
      plan: { ...plan, epochs },
      from: this.progress,
    });
    for await (const group of ahead(groups)) {
      if (group.batches) this.step(group, (performance.now() - asked) / 1000);
      await setImmediate(); // signals and loaders get their turn
      signal?.throwIfAborted();
      const done = this.progress.step === lastStep;
      if (done || !group.batches) await this.closeEpoch();
      else if (performance.now() - this.savedAt > saveSeconds * 1000) await this.save();
      if (done) return;
      asked = performance.now();
    }
  }

  private step({ batches, epoch, offset }: StepGroup, loaderWait: number): void {
    const { classifier, settings, plan } = this.phase;
    const { steps, epochs } = this.length;
    const begun = performance.now();
    const from = this.progress.phase;
    const learningRate = learningRateAt(
      settings,
      { epoch: epoch - from.epoch, step: this.progress.step - from.step },
      plan,
    );
    const step = this.progress.step + 1;
    const { seed } = this.request;
    const { loss, terms, images, correct, gradients } = meanGradients(classifier, batches, step, learningRate, seed);
    this.state.optimizer.apply(classifier.variables, gradients, learningRate, this.factors);
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
    const { classifier, dataset } = this.request;
    const { settings, plan, classifier: ofPhase } = this.phase;
    const { step, epoch: passed, phase: from } = this.progress;
    if (step === 0) {
      throw new DatasetError('Not one training image could be read.', { where: dataset.name });
    }
    const epoch = passed + 1;
    const { evaluateEvery, evaluateOn: split, keep } = settings;
    let { best } = this.progress;
    if (evaluateEvery > 0 && (epoch % evaluateEvery === 0 || step === from.step + plan.steps)) {
      const result = await this.evaluate(split);
      this.emit({ type: 'evaluation', name: split, step, epoch, result });
      if (keep === 'best' && result.accuracy > (best?.accuracy ?? -1)) {
        best = { epoch, step, accuracy: result.accuracy };
        this.best = await variableValues(classifier.values);
      }
    }
    ofPhase.parts.head.endEpoch?.();
    this.state.average?.add(ofPhase.variables, passed - from.epoch);
    this.progress = { ...this.progress, epoch, offset: 0, ...(best && { best }) };
    await this.save();
  }

  private evaluate(split: 'val' | 'test'): Promise<Evaluation> {
    const { pipeline, dataset, evaluationBatch: batchSize, signal } = this.request;
    const { classifier, settings } = this.phase;
    const { onBadImage } = settings;
    const items = dataset[split];
    return evaluate({ classifier, pipeline, dataset, items, batchSize, features: this.features, onBadImage, signal });
  }

  private async save(): Promise<void> {
    if (!this.request.runFolder) return;
    const { state, progress, best } = this;
    const path = this.path('resume');
    const { classifier, computation } = this.request;
    await saveResume(path, {
      ...{ ...state, classifier, progress, best, computation },
      identity: identityOf(this.request),
    });
    this.savedAt = performance.now();
    this.emit({ type: 'checkpoint', path, step: progress.step });
  }

  private async restore(): Promise<void> {
    const { classifier, computation } = this.request;
    const stateAt = ({ phase }: Progress): PhaseState => {
      disposeState(this.state);
      return (this.state = stateOf(this.phases[phase.number]!));
    };
    const resumed = await loadResume(this.path('resume'), classifier, stateAt, identityOf(this.request));
    this.progress = resumed.progress;
    this.best = resumed.best;
    this.features = this.storeOf(this.phase);
    if (resumed.computation !== computation) {
      const [before, now] = [resumed.computation, computation].map((what) => what ?? 'a backend that is not known');
      const message = `So far, ${before} computed this training; it goes on with ${now}. The last digits may be others than those of a training that stays in one place.`;
      this.emit({ type: 'warning', message });
    }
  }

  private source({ classifier, settings }: Phase): ImageSource {
    const { pipeline, dataset, seed } = this.request;
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

function stateOf({ settings, plan }: Phase): PhaseState {
  const { average } = settings;
  const optimizer = createOptimizer(settings);
  return { optimizer, ...(average && { average: new EpochAverage(average, plan.epochs) }) };
}

function disposeState({ optimizer, average }: PhaseState): void {
  optimizer.dispose();
  average?.dispose();
}

/** Learned numbers. */
function sizeOf(variables: NamedVariables): number {
  return Object.values(variables).reduce((total, variable) => total + variable.size, 0);
}

/** Whether a view is taken in one of the passes `from` … `to` − 1. */
function isSeen(index: number, views: number, from: number, to: number): boolean {
  return (index - (from % views) + views) % views < to - from;
}

/** Makes the folder, and takes away what a killed process had begun to write. */
async function prepareFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = Object.values(checkpointFiles);
  for (const file of await readdir(folder)) {
    if (file.endsWith('.tmp') && names.some((name) => file.startsWith(name))) await rm(join(folder, file));
  }
}
