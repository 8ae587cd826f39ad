import { shellWord, shownText, type ProtocolResult } from '@promptweave/bench';
import { figureOf, figureTitle } from '@promptweave/core/experiment';

/**
 * What a terminal shows at the end of a run.
 * @param allowing words that its plugins need on a command line
 */
export function describeRun(
  folder: string,
  { result: { parameters, training, evaluations, warnings = [] }, summary }: Pick<ProtocolResult, 'result' | 'summary'>,
  allowing: readonly string[] = [],
): string {
  const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
  const lines = Object.entries(evaluations).map(
    ([name, { accuracy, macroF1, images }]) =>
      `${name}: accuracy ${percent(accuracy)}, macro F1 ${percent(macroF1)} (${images} images)`,
  );
  const told = lines.length > 1 ? [] : ['accuracy', 'macroF1'];
  const figures = Object.entries(summary)
    .filter(([name]) => !told.includes(name))
    .map(([name, entry]) => {
      const figure = figureOf(entry);
      const { unit, value } = figure;
      return `${figureTitle(name, figure)} ${unit === undefined ? percent(value) : shownText(figure, value, 1)}`;
    });
  return [
    ...lines,
    ...(figures.length > 0 ? [figures.join(', ')] : []),
    `${parameters} learned parameters, ${training.step} steps in ${training.seconds.toFixed(1)} s.`,
    ...warnings.map((warning) => `Note: ${warning}`),
    `Written to ${folder}. Try it: npx promptweave predict IMAGE ${['--run', folder, ...allowing].map(shellWord).join(' ')}`,
  ].join('\n');
}
