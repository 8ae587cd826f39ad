import type { FigureKind, ProtocolSummary } from '@promptweave/core';
import { figureOf } from '@promptweave/core/experiment';
import { harmonicMean, mean, standardDeviation } from '../protocols/means.js';
import type { Figure } from './figure.js';

/** The figure of base and novel classes together. Of several seeds it is that of the mean base and the mean novel accuracy, as in the papers. */
export const HM = 'HM';
/** The other way that the literature has: the mean of the seeds' own. */
export const MEAN_OF_HMS = 'HM (mean of HMs)';

/** A figure's name as tables show it, with how several seeds became one number where there are two ways. */
export function shownName(name: string): string {
  return name === HM ? 'HM (of means)' : name;
}

/** The figures of results that differ in the seed alone: mean and standard deviation over them. */
export function rowFigures(summaries: readonly ProtocolSummary[]): Record<string, Figure> {
  const names = [...new Set(summaries.flatMap((summary) => Object.keys(summary)))];
  const figures = Object.fromEntries(
    names.map((figure): [string, Figure] => {
      const found = summaries.flatMap((summary) => (Object.hasOwn(summary, figure) ? figureOf(summary[figure]!) : []));
      const values = found.map(({ value }) => value);
      return [
        figure,
        { mean: mean(values), sd: standardDeviation(values), count: values.length, ...kindOf(found[0]!) },
      ];
    }),
  );
  return withBothMeans(figures);
}

/** Gives a row with base, novel and HM both harmonic means. */
export function withBothMeans(figures: Record<string, Figure>): Record<string, Figure> {
  if (!Object.hasOwn(figures, HM)) return figures;
  const { base, novel, [HM]: own, ...others } = figures;
  if (!base || !novel || !own || Object.keys(others).length > 0) return figures; // three data sets of these names
  const { leads: _, ...kind } = own;
  return { base, novel, [HM]: { ...own, mean: harmonicMean(base.mean, novel.mean) }, [MEAN_OF_HMS]: kind };
}

/** What a figure is, without its value. */
export function kindOf({ unit, better, leads }: FigureKind): FigureKind {
  return { ...(unit !== undefined && { unit }), ...(better && { better }), ...(leads && { leads }) };
}
