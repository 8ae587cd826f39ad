import { appendFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { toYaml } from '../config/canonical.js';
import type { ResolvedConfiguration } from '../config/configuration.js';
import { ConfigError } from '../errors.js';
import { readOwnText, replaceOwn } from '../own-file.js';
import { describeEvent } from './describe-event.js';
import type { TrainEvent } from './events.js';
import type { NearestWords } from './nearest-words.js';
import { writePredictions, type Predictions } from './predictions.js';
import type { RunResult } from './run-result.js';
import { metricsEvent } from './metrics-event.js';
import { checkpointFiles } from './training-files.js';

/** Names of the files of a run's folder. */
export const runFiles = {
  /** The resolved configuration. */
  configuration: 'config.yaml',
  /** A line of JSON for each step and each evaluation during training. */
  metrics: 'metrics.jsonl',
  /** There if and only if the run is finished. */
  result: 'result.json',
  /** The answer for every image of the evaluations at the end, see `Predictions`. */
  predictions: 'predictions.json',
  /** Words near to what was learned, see `NearestWords`. */
  words: 'words.json',
  log: 'log.txt',
  ...checkpointFiles,
} as const;

/** @throws ConfigError where the folder holds a run */
export function requireNoRun(path: string): void {
  if ([runFiles.resume, runFiles.result, runFiles.learned].some((file) => existsSync(join(path, file)))) {
    throw new ConfigError('This folder holds a run already.', {
      where: path,
      remedy: 'Go on with it (--resume), or choose another folder (--output).',
    });
  }
}

/** The folder of one run. Every file is replaced as a whole; lines are added to metrics and log one by one. */
export class RunFolder {
  /**
   * @param resume go on with the run that the folder holds, if it holds one
   * @throws ConfigError where the folder holds a run and that is not to go on
   */
  constructor(
    readonly path: string,
    private readonly configuration: ResolvedConfiguration,
    resume: boolean,
  ) {
    if (!resume) requireNoRun(path);
    mkdirSync(path, { recursive: true });
  }

  /** Notes what a training reports. */
  record(event: TrainEvent): void {
    if (event.type === 'start') this.begin(event.resumedAt);
    if (event.type === 'step' || event.type === 'evaluation') {
      this.append('metrics', JSON.stringify(event.type === 'step' ? event : withoutConfusion(event)));
    }
    const line = describeEvent(event);
    if (line !== undefined && event.type !== 'step') this.log(line);
  }

  /** Adds a line to the log, with the time. */
  log(line: string): void {
    this.append('log', `${new Date().toISOString()} ${line}`);
  }

  /** Keeps what explains the result and is not needed to go on. */
  writeDetails(predictions: Predictions, words: NearestWords | undefined): void {
    writePredictions(this.path, predictions);
    if (words) this.replace('words', `${JSON.stringify(words)}\n`);
  }

  /** Ends the run. */
  writeResult(result: RunResult): void {
    const text = JSON.stringify(result, undefined, 2);
    this.replace('result', `${text.replaceAll(/\[\n[\d,\s]*\]/g, (row) => row.replaceAll(/\s+/g, ' '))}\n`); // a row of the matrix a line
  }

  /** Takes away what was noted after the checkpoint that the training goes on from. */
  private begin(from: { readonly step: number; readonly epoch: number }): void {
    this.replace('configuration', toYaml(this.configuration));
    const path = join(this.path, runFiles.metrics);
    const kept = linesOf(path).filter((line) => {
      const event = metricsEvent(line);
      return event && (event.type === 'evaluation' ? (event.epoch ?? 0) <= from.epoch : event.step <= from.step);
    });
    this.replace('metrics', kept.map((line) => `${line}\n`).join(''));
  }

  private append(file: keyof typeof runFiles, line: string): void {
    appendFileSync(join(this.path, runFiles[file]), `${line}\n`);
  }

  private replace(file: keyof typeof runFiles, text: string): void {
    replaceOwn(join(this.path, runFiles[file]), text);
  }
}

/** The lines of a file; none where it cannot be read. */
function linesOf(path: string): string[] {
  try {
    return readOwnText(path)?.split('\n') ?? [];
  } catch {
    return []; // a folder, which the file that is written now puts aside
  }
}

/** The figures of an evaluation, without the matrix and the list of classes. */
function withoutConfusion(event: TrainEvent & { type: 'evaluation' }): object {
  const { accuracy, macroF1, loss, expectedCalibrationError, topK, images } = event.result;
  const { type, name, step, epoch } = event;
  return { type, name, step, epoch, images, accuracy, topK, macroF1, loss, expectedCalibrationError };
}
