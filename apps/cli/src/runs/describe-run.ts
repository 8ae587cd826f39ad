import {
  changedClasses,
  shellWord,
  shownText,
  skippedNotes,
  unusedValidationNote,
  wrongAnswers,
  type ClassChange,
  type ProtocolResult,
  type ZeroShotAnswers,
} from '@promptweave/bench';
import { describeStop, figureOf, figureTitle, type Predictions } from '@promptweave/core/experiment';

/** What is told of a run. */
export interface DescribedRun extends Pick<ProtocolResult, 'result' | 'summary'> {
  readonly zeroShot?: ZeroShotAnswers;
  /** The answer for each image. */
  readonly predictions?: Predictions;
}

/** Classes and images that are named of many. */
const NAMED = 5;

/**
 * What a terminal shows at the end of a run.
 * @param allowing words that its plugins need on a command line
 */
export function describeRun(folder: string, run: DescribedRun, allowing: readonly string[] = []): string {
  const { result, summary, zeroShot } = run;
  const { parameters, training, evaluations, warnings = [] } = result;
  const lines = Object.entries(evaluations).map(([name, { accuracy, macroF1, images }]) => {
    const before = zeroShot?.evaluations[name];
    const compared = before ? ` (${percent(before.accuracy)} without training)` : '';
    return `${name}: accuracy ${percent(accuracy)}${compared}, macro F1 ${percent(macroF1)} (${images} images)`;
  });
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
    ...Object.keys(evaluations).flatMap((set) => changesOf(set, run)),
    ...Object.keys(evaluations).flatMap((set) => errorsOf(set, run)),
    `${parameters} learned parameters, ${training.step} steps in ${training.seconds.toFixed(1)} s.`,
    ...(training.stops ?? []).map(describeStop),
    ...warnings.map((warning) => `Note: ${warning}`),
    ...skippedNotes(result, NAMED).map((note) => `Note: ${note}`),
    ...unusedValidationNote(result).map((note) => `Note: ${note}`),
    `Written to ${folder}. Try it: npx promptweave predict IMAGE ${['--run', folder, ...allowing].map(shellWord).join(' ')}`,
  ].join('\n');
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

/** Classes that gained and lost against the backbone alone. */
function changesOf(set: string, { result, zeroShot }: DescribedRun): string[] {
  const before = zeroShot?.evaluations[set];
  if (!before) return [];
  const { gained, lost } = changedClasses(before, result.evaluations[set]!);
  const of = Object.keys(result.evaluations).length > 1 ? ` (${set})` : '';
  const line = (what: string, changes: readonly ClassChange[]): string[] => {
    const named = changes
      .slice(0, NAMED)
      .map(({ name, before: old, now }) => `${name} ${percent(old)} → ${percent(now)}`);
    const more = changes.length > NAMED ? ` and ${changes.length - NAMED} more` : '';
    return changes.length === 0 ? [] : [`${what}${of}: ${named.join(', ')}${more}`];
  };
  return [...line('Gained', gained), ...line('Lost', lost)];
}

/** The images with a wrong answer, the surest first. */
function errorsOf(set: string, { result, predictions }: DescribedRun): string[] {
  const answers = predictions?.[set];
  if (!answers) return [];
  const wrong = wrongAnswers(
    result.evaluations[set]!.classes.map(({ name }) => name),
    answers,
  );
  if (wrong.length === 0) return [];
  const of = Object.keys(result.evaluations).length > 1 ? ` of ${set}` : '';
  const more = wrong.length > NAMED ? `, the surest first` : '';
  return [
    `Wrong: ${wrong.length} of ${answers.images.length} images${of}${more}`,
    ...wrong
      .slice(0, NAMED)
      .map(
        ({ image, actual, predicted, confidence }) =>
          `  ${image}: ${actual}, taken for ${predicted} (${percent(confidence)})`,
      ),
  ];
}
