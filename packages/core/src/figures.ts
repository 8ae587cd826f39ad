import type { FigureKind, MeasuredFigure } from './contracts/protocol.js';

/** A figure of a summary with all that is known about it. */
export function figureOf(entry: number | MeasuredFigure): MeasuredFigure {
  return typeof entry === 'number' ? { value: entry } : entry;
}

/** A figure's name with its unit, as tables and trackers show it: `step (ms)`. */
export function figureTitle(name: string, { unit }: FigureKind = {}): string {
  return unit === undefined ? name : `${name} (${unit})`;
}
