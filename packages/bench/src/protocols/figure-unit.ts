import type { FigureKind } from '@promptweave/core';

/** Whether less of a figure is better: forgetting, and costs other than rates. */
export function smallerIsBetter({ better }: FigureKind): boolean {
  return better === 'less';
}

/** A value in the unit that tables show: percent, or the figure's own. */
export function shownValue({ unit }: FigureKind, value: number): number {
  return unit === undefined ? 100 * value : value;
}

/** Digits after the point of a shown value: `digits` for percent, and three significant ones for other units. */
export function shownText({ unit }: FigureKind, value: number, digits: number): string {
  const shown = shownValue({ unit }, value);
  if (unit === undefined) return shown.toFixed(digits);
  return Math.abs(shown) >= 100 ? String(Math.round(shown)) : shown.toPrecision(3);
}
