import type { NamedVariables } from '../contracts/variables.js';
import { CheckpointError } from '../errors.js';
import type { TrainEvent } from './events.js';
import { learningRateFactors } from './learning-rate-factors.js';
import { beginHead, finishHead } from './phase-head.js';
import { PhaseRun, type SharedRun } from './phase-run.js';
import { lengthOf, trainingPhases, type Phase } from './phases.js';
import { warmupWarning } from './schedule.js';
import { beginning, enterPhase } from './standing.js';
import { StepClock } from './step-clock.js';
import { checkRequest, mayLearn, type TrainOutcome, type TrainRequest } from './train-request.js';
import { checkpointFiles, TrainingFiles } from './training-files.js';

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
  private readonly standing = beginning();
  private readonly files: TrainingFiles;
  private readonly shared: SharedRun;
  private present: PhaseRun;
  private savedAt = performance.now();

  constructor(private readonly request: TrainRequest) {
    const { classifier, settings, dataset, saveSeconds = 60 } = request;
    this.phases = trainingPhases(classifier, settings, dataset);
    this.files = new TrainingFiles(request, this.emit);
    this.shared = {
      ...{ request, length: lengthOf(this.phases), clock: new StepClock(), standing: this.standing },
      emit: this.emit,
      save: () => this.save(),
      saveInTime: async (atMost = Infinity) => {
        if (performance.now() - this.savedAt > Math.min(saveSeconds, atMost) * 1000) await this.save();
      },
    };
    this.present = this.runOf(0);
  }

  async run(): Promise<TrainOutcome> {
    const { request, standing, files, shared } = this;
    const { classifier, dataset } = request;
    checkRequest(request);
    await files.prepare();
    if (mayLearn(classifier) && files.toResume) await this.restore();
    const { step: done, epoch } = standing.progress;
    const prepared = done > 0 || epoch > 0 || (await this.stoppable(() => this.beginHead(this.present)));
    if (prepared) this.checkFactors();
    const parameters = sizeOf(classifier.variables);
    const fitted = sizeOf(classifier.parts.head.fitted ?? {});
    const learns = prepared && parameters > 0;
    const { steps, epochs } = shared.length;
    this.emit({
      ...{ type: 'start', steps: learns ? steps : 0, epochs, images: dataset.train.length, parameters },
      ...(fitted > 0 && { fitted }),
      resumedAt: { step: done, epoch },
    });
    const passed = prepared && (!learns || (await this.stoppable(() => this.throughPhases())));
    const finished = passed && (await this.stoppable(() => finishHead(this.headSurroundings(this.present))));
    const { step, seconds, best, stops } = standing.progress;
    await files.saveLearned(best && finished ? best.step : step);
    const status = finished ? 'finished' : 'stopped';
    this.emit({ type: 'end', status, step, seconds });
    return { status, step, steps, epochs, seconds, ...(best && { best }), ...(stops && { stops }) };
  }

  dispose(): void {
    this.present.dispose();
  }

  /** The phases from the present one on. */
  private async throughPhases(): Promise<void> {
    this.tellOfPhase();
    for (;;) {
      await this.present.passes();
      const number = this.present.phase.number + 1;
      if (number === this.phases.length) return;
      const next = this.runOf(number);
      try {
        await this.beginHead(next); // stopped here, the training goes on at the end of the phase before
      } catch (error) {
        next.dispose();
        throw error;
      }
      this.present.dispose();
      this.present = next;
      enterPhase(this.standing, number);
      this.tellOfPhase();
    }
  }

  private runOf(number: number): PhaseRun {
    return new PhaseRun(this.shared, this.phases[number]!);
  }

  private tellOfPhase(): void {
    const { phases, present } = this;
    const { settings, plan, number, learns, classifier } = present.phase;
    if (phases.length > 1) {
      const parameters = sizeOf(classifier.variables);
      this.emit({ type: 'phase', phase: number + 1, phases: phases.length, learns, parameters, steps: plan.steps });
    }
    const warning = warmupWarning(settings, plan);
    if (warning) this.emit({ type: 'warning', message: warning });
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

  private beginHead(run: PhaseRun): Promise<void> {
    return beginHead(this.headSurroundings(run));
  }

  private headSurroundings({ phase, source, features }: PhaseRun): Parameters<typeof beginHead>[0] {
    return { request: this.request, phase, source, features, emit: this.emit };
  }

  /** @throws ConfigError before the first step, also for a later phase; but for a head that gets its variables there. */
  private checkFactors(): void {
    const { number: present } = this.present.phase;
    for (const { number, settings, headBegins } of this.phases) {
      if (number > present && headBegins && this.request.classifier.parts.head.prepare) return;
      learningRateFactors(this.request.classifier, settings.learningRateFactors, number > 0 ? 'train.then' : 'train');
    }
  }

  private async save(): Promise<void> {
    await this.files.save(this.standing, this.present.state);
    this.savedAt = performance.now();
  }

  private async restore(): Promise<void> {
    const { progress, best } = await this.files.restore(({ phase: { number } }) => {
      if (!this.phases[number]) {
        throw new CheckpointError(`It stands in phase ${number + 1}, and there are ${this.phases.length}.`, {
          where: checkpointFiles.resume,
          remedy: 'The file is damaged: begin anew without --resume.',
        });
      }
      this.present.dispose();
      this.present = this.runOf(number);
      return this.present.state;
    });
    this.standing.progress = progress;
    if (best) this.standing.best = best;
  }

  private readonly emit = (event: TrainEvent): void => this.request.onEvent?.(event);
}

/** Learned parameters. */
function sizeOf(variables: NamedVariables): number {
  return Object.values(variables).reduce((total, variable) => total + variable.size, 0);
}
