/** Figures that are better when they are smaller, besides those with a unit. */
const SMALLER = new Set(['forgetting']);

/** The unit at the end of a figure's name: `ms` of `step (ms)`. Undefined for fractions, which tables show as percent. */
export function figureUnit(figure: string): string | undefined {
  return /\(([^()]+)\)$/.exec(figure)?.[1];
}

/** Whether less of a figure is better: forgetting, and costs other than rates a second. */
export function smallerIsBetter(figure: string): boolean {
  const unit = figureUnit(figure);
  return SMALLER.has(figure) || (unit !== undefined && !unit.endsWith('/s'));
}

/** A value in the unit that tables show: percent, or the figure's own. */
export function shownValue(figure: string, value: number): number {
  return figureUnit(figure) === undefined ? 100 * value : value;
}

/** Digits after the point of a shown value: `digits` for percent, and three significant ones for other units. */
export function shownText(figure: string, value: number, digits: number): string {
  const shown = shownValue(figure, value);
  if (figureUnit(figure) === undefined) return shown.toFixed(digits);
  return Math.abs(shown) >= 100 ? String(Math.round(shown)) : shown.toPrecision(3);
}
