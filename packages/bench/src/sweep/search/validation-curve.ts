import { join } from 'node:path';
import { metricsEvent, readOwnText, runFile, runFiles } from '@promptweave/core/experiment';

/** What a training has shown so far on its validation images. */
export interface ValidationCurve {
  /** Accuracy by the number of epochs behind. */
  readonly points: ReadonlyMap<number, number>;
  /** Loss on the same images, which tells apart what is equally often right. */
  readonly losses: ReadonlyMap<number, number>;
  /** Optimiser steps behind. */
  readonly steps: number;
}

/** Reads the curve of a run from its metrics; of a run that does not exist, an empty one. */
export function validationCurve(folder: string): ValidationCurve {
  const points = new Map<number, number>();
  const losses = new Map<number, number>();
  let steps = 0;
  for (const line of textOf(folder).split('\n')) {
    const event = metricsEvent(line);
    if (!event) continue;
    steps = Math.max(steps, event.step);
    if (event.type !== 'evaluation' || event['name'] !== 'val' || event.epoch === undefined) continue;
    const { accuracy, loss } = (event['result'] ?? event) as { accuracy?: number; loss?: number };
    if (typeof accuracy === 'number') points.set(event.epoch, accuracy);
    if (typeof loss === 'number') losses.set(event.epoch, loss);
  }
  return { points, losses, steps };
}

function textOf(folder: string): string {
  try {
    return readOwnText(runFile(folder, runFiles.metrics)) ?? readOwnText(join(folder, runFiles.metrics)) ?? '';
  } catch {
    return ''; // what is wrong with the file is told with the cell's state
  }
}
