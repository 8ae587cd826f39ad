import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hasAny } from '../config/content-files.js';
import type { TrainEvent } from './events.js';
import { saveLearned } from './learned-file.js';
import { loadResume, saveResume, type PhaseState, type Progress, type Resumed } from './resume-file.js';
import type { Standing } from './standing.js';
import { identityOf, type TrainRequest } from './train-request.js';

/** Names of the files that a training writes. */
export const checkpointFiles = { learned: 'prompts.safetensors', resume: 'resume.safetensors' } as const;

/** The files of a training in its run folder; without a folder there are none, and nothing is written. */
export class TrainingFiles {
  constructor(
    private readonly request: TrainRequest,
    private readonly emit: (event: TrainEvent) => void,
  ) {}

  /** Makes the folder, and takes away what a killed process had begun to write. */
  async prepare(): Promise<void> {
    const { runFolder } = this.request;
    if (!runFolder) return;
    await mkdir(runFolder, { recursive: true });
    const names = Object.values(checkpointFiles);
    for (const file of await readdir(runFolder)) {
      if (file.endsWith('.tmp') && names.some((name) => file.startsWith(name))) await rm(join(runFolder, file));
    }
  }

  /** Whether there is a training to go on with, and it is to go on. */
  get toResume(): boolean {
    const { resume, runFolder } = this.request;
    return resume === true && runFolder !== undefined && existsSync(join(runFolder, checkpointFiles.resume));
  }

  /**
   * @param stateOf optimiser and average of the phase that it stands in
   * @throws CheckpointError where it was begun with another configuration
   */
  async restore(stateOf: (progress: Progress) => PhaseState): Promise<Resumed> {
    const { classifier, computation } = this.request;
    const path = join(this.request.runFolder!, checkpointFiles.resume);
    const resumed = await loadResume(path, classifier, stateOf, identityOf(this.request));
    if (resumed.computation !== computation) {
      const [before, now] = [resumed.computation, computation].map((what) => what ?? 'a backend that is not known');
      const message = `So far, ${before} computed this training; it goes on with ${now}. The last digits may be others than those of a training that stays in one place.`;
      this.emit({ type: 'warning', message });
    }
    return resumed;
  }

  /** Everything that the training needs to go on. */
  async save({ progress, best }: Standing, state: PhaseState): Promise<void> {
    const { classifier, computation, runFolder } = this.request;
    if (!runFolder) return;
    const path = join(runFolder, checkpointFiles.resume);
    const identity = identityOf(this.request);
    await saveResume(path, { ...state, classifier, progress, best, computation, identity });
    this.emit({ type: 'checkpoint', path, step: progress.step });
  }

  /** @param step the one whose values these are */
  async saveLearned(step: number): Promise<void> {
    const { classifier, dataset, runFolder, configuration, configurationFolder: folder = '.', contents } = this.request;
    if (!runFolder) return;
    const path = join(runFolder, checkpointFiles.learned);
    const { template } = dataset;
    const ofFiles = hasAny(contents) && { contents };
    await saveLearned(path, classifier, { template, configuration, folder, step, ...ofFiles });
    this.emit({ type: 'checkpoint', path, step });
  }
}
