import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { metricsEvent, runFiles, slug, type RunResult, type StepEvent } from '@promptweave/core/experiment';
import writeFileAtomic from 'write-file-atomic';
import { confusionMatrix, learningCurves, type Picture } from '../report/pictures.js';

/** Folder of the pictures within a run's folder. */
const PLOTS = 'plots';

/**
 * Draws what a run has to show: its learning curve, and a confusion matrix for each set that it was tested on.
 * @returns the SVG files, relative to the run's folder
 */
export async function runPictures(folder: string, { evaluations }: RunResult): Promise<string[]> {
  const pictures: [string, Picture | undefined][] = [['training-loss', await learningCurves(lossesOf(folder))]];
  for (const [set, { classes, confusion }] of Object.entries(evaluations)) {
    const names = classes.map(({ name }) => name);
    pictures.push([`confusion-${slug(set)}`, await confusionMatrix(set, names, confusion)]);
  }
  const files: string[] = [];
  for (const [name, picture] of pictures) {
    if (!picture) continue;
    const file = `${PLOTS}/${name}.svg`;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFileAtomic(join(folder, file), picture.svg);
    files.push(file);
  }
  return files;
}

/** The losses of all steps; a curve for each training where there are several. */
function lossesOf(folder: string): { row: string; progress: number; loss: number }[] {
  const stages = readdirSync(folder).filter((name) => /^\d-/.test(name));
  return (stages.length > 0 ? stages.sort() : ['.']).flatMap((stage) => {
    const path = join(folder, stage, runFiles.metrics);
    if (!existsSync(path)) return [];
    const events = readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line) => metricsEvent(line) ?? []);
    const steps = events.filter(({ type }) => type === 'step') as unknown as StepEvent[];
    return steps.map(({ step, steps: all, loss }) => ({
      row: stage === '.' ? 'loss' : stage,
      progress: step / all,
      loss,
    }));
  });
}
