import { canonicalJson, slug, type NearestWords } from '@promptweave/core/experiment';
import { axisCurves, axisEffects, type AxisCurve } from './analysis/axis-effects.js';
import { beforeAfter, type BeforeAfter } from './analysis/before-after.js';
import { compareRows, type Comparison } from './analysis/comparison.js';
import {
  classGains,
  labelPairs,
  resolvedConfusions,
  type LabelPair,
  type ResolvedConfusion,
} from './analysis/label-gains.js';
import { axisPicture, classGainPicture, effectPicture } from './axis-pictures.js';
import { confusionMatrix, costAgainst, figureBars, learningCurves, type Picture } from './pictures.js';
import { MEAN_OF_HMS } from './row-figures.js';
import { groupBy } from './analysis/group-by.js';
import { datasetAxes, datasetLabel, methodAxes } from './data-axes.js';
import { phonePicture } from './phone-picture.js';
import { nameWithin, pictureRows } from './picture-rows.js';
import { rowName } from './row-name.js';
import { searchCurves, searchedCells, type SearchedCell } from './searched-cells.js';
import { learningPoints, resultOf, wordsOf } from './run-details.js';
import { bestOf, ranked, type Best, type Study, type StudyRow } from './study.js';
import { Thumbnails, type ThumbnailReader, type WantedImage } from './thumbnails.js';

/** What a report may be asked for. */
export interface ReportOptions {
  /** Labels of the row that others are compared with, by axis; default: the row that learns nothing, else the first. */
  readonly baseline?: Readonly<Record<string, string>>;
  /** Where test images come from; without it the report names them. */
  readonly thumbnails?: ThumbnailReader;
}

/** The words of one row. */
export interface RowWords {
  readonly row: string;
  readonly words: NearestWords;
}

/** Everything that a report shows, in whatever form. */
export interface ReportContent {
  readonly study: Study;
  readonly best?: Best;
  readonly comparison?: Comparison;
  /** By the part of the report that they belong to. */
  readonly pictures: Readonly<
    Record<'search' | 'figures' | 'axes' | 'training' | 'cost' | 'labels' | 'confusion', readonly Picture[]>
  >;
  readonly labels?: { readonly pair: LabelPair; readonly confusions: readonly ResolvedConfusion[] };
  readonly answers?: { readonly before: string; readonly after: string; readonly found: BeforeAfter };
  readonly words: readonly RowWords[];
  readonly thumbnails: Thumbnails;
  /** What a search has tried, the best first; a list for each data set, protocol and number of shots. */
  readonly searched: readonly (readonly SearchedCell[])[];
}

/** Rows that a picture shows: more of them nobody can tell apart. */
const LINES = 10;
const POINTS = 30;
/** Figures that pictures show side by side; of a benchmark's many data sets the mean tells more. */
const FIGURES = 4;
/** Rows whose words are listed. */
const WORDS = 6;

/** Reads and computes all that a report shows. */
export async function reportContent(
  study: Study,
  { baseline, thumbnails }: ReportOptions = {},
): Promise<ReportContent> {
  const best = bestOf(study);
  const comparison = compareRows(study, baseline);
  if (!best) {
    const none = { search: [], figures: [], axes: [], training: [], cost: [], labels: [], confusion: [] };
    return {
      study,
      comparison,
      pictures: none,
      searched: [],
      words: [],
      thumbnails: await Thumbnails.read([], thumbnails),
    };
  }
  const { figure } = best;
  const order = ranked(study.rows, figure);
  const among = (count: number): StudyRow[] => study.rows.filter((row) => order.slice(0, count).includes(row));
  const figures = mainFigures(study, figure);
  const pair = labelPairs(study.rows, figure)[0];
  const confusions = pair ? resolvedConfusions(pair) : [];
  const answers = answersOf(best, comparison, order);
  const searched = searchedCells(study);
  const pictures = await withPhones({
    search: await Promise.all(searched.map((own, i) => searchCurves(own, i + 1))),
    figures: present([await figureBars(pictureRows(study, figure), figures, (row) => nameWithin(study, row))]),
    axes: [
      ...(await Promise.all(
        curvesByDataset(study, figure, figures.slice(0, 3)).map((curve) =>
          axisPicture(curve, severalOf(study, figure)),
        ),
      )),
      ...present([await effectPicture(figure, study.kinds.get(figure)!, effectsWithin(study, figure))]),
    ],
    training: present([await trainingPicture(study, best)]),
    cost: present([await costAgainst(figure, among(POINTS))]),
    labels: present([pair && (await classGainPicture(classGains(pair), rowName(pair.learned)))]),
    confusion: await confusionPictures(best),
  });
  return {
    ...{ study, best, comparison, pictures, searched, words: wordsOfRows(order) },
    ...(pair && { labels: { pair, confusions } }),
    ...(answers && { answers }),
    thumbnails: await Thumbnails.read([...wantedOf(pair, confusions), ...wantedAnswers(answers?.found)], thumbnails),
  };
}

/** Pictures with what a phone shows of them. */
async function withPhones(all: ReportContent['pictures']): Promise<ReportContent['pictures']> {
  const drawn = { ...all };
  for (const part of Object.keys(all) as (keyof typeof all)[])
    drawn[part] = await Promise.all(all[part].map(withPhone));
  return drawn;
}

async function withPhone(picture: Picture): Promise<Picture> {
  const narrow = await phonePicture(picture);
  return narrow === undefined ? picture : { ...picture, narrow };
}

/** The cell whose data set holds the images of resolved confusions. */
export function labelCell({ learned }: LabelPair): StudyRow['cells'][number] {
  return learned.cells.find(({ state }) => state.status === 'finished')!;
}

/** Rows in grey behind the best: more make a blot. */
const BEHIND = 40;

/** The curves of the best row's data set: the best row of each method, and the others behind. */
async function trainingPicture(study: Study, { row, figure }: Best): Promise<Picture | undefined> {
  const dataset = datasetLabel(study, row);
  const own = ranked(study.rows, figure).filter((other) => datasetLabel(study, other) === dataset);
  const lead = methodAxes(study);
  const methods = groupBy(own, ({ labels }) => JSON.stringify(labels[lead[0]!]));
  const best = [...methods.values()].map(([first]) => first!).slice(0, LINES);
  const shown = best.length > 1 ? best : own.slice(0, LINES);
  const others = own.filter((other) => !shown.includes(other)).slice(0, BEHIND);
  const name = (other: StudyRow): string => nameWithin(study, other);
  const behind = learningPoints(others, (other) => rowName(other));
  return learningCurves(learningPoints(shown, name), { others: behind, ...(dataset && { of: dataset }) });
}

/** The figure that panels of data sets show; undefined where there is one data set. */
function severalOf(study: Study, figure: string): string | undefined {
  return new Set(study.rows.map((row) => datasetLabel(study, row))).size > 1 ? figure : undefined;
}

/** Data sets with a panel of their own. */
const PANELS = 12;

/** Curves along the axes; of several data sets those of the leading figure, a panel for each. */
function curvesByDataset(study: Study, figure: string, figures: readonly string[]): AxisCurve[] {
  const groups = [...groupBy(study.rows, (row) => datasetLabel(study, row))].slice(0, PANELS);
  if (groups.length < 2) return axisCurves(study, figures);
  const all = groups.flatMap(([dataset, rows]) =>
    axisCurves({ ...study, rows }, [figure]).map((curve) => ({
      ...curve,
      points: curve.points.map((point) => ({ ...point, figure: dataset })),
    })),
  );
  return [...groupBy(all, ({ axis }) => axis).values()].map((curves) => ({
    ...curves[0]!,
    averaged: curves.some(({ averaged }) => averaged),
    points: curves.flatMap(({ points }) => points),
  }));
}

/** What choices do, within each data set: the data sets themselves are not compared. */
function effectsWithin(study: Study, figure: string): ReturnType<typeof axisEffects> {
  const aside = new Set(datasetAxes(study).map((i) => study.axes[i]!));
  return axisEffects(study, figure).filter(({ axis }) => !aside.has(axis));
}

function mainFigures({ figures, kinds }: Study, leading: string): string[] {
  const own = figures.filter((figure) => kinds.get(figure)?.unit === undefined && figure !== MEAN_OF_HMS);
  return own.length <= FIGURES ? own : [...new Set([leading, own[0]!])];
}

function present(pictures: readonly (Picture | undefined)[]): Picture[] {
  return pictures.filter((picture) => picture !== undefined);
}

/** The best row against the baseline on the same data; where the best is the baseline, the next one. */
function answersOf(
  { row: best }: Best,
  comparison: Comparison | undefined,
  order: readonly StudyRow[],
): ReportContent['answers'] {
  const [baseline] = comparison?.baselines ?? [];
  for (const row of [best, ...order]) {
    const before = baseline?.partners.get(row);
    const found = before && before !== row ? beforeAfter(before, row) : undefined;
    if (before && found) return { before: rowName(before), after: rowName(row), found };
  }
  return undefined;
}

async function confusionPictures({ row, cell }: Best): Promise<Picture[]> {
  const evaluations = Object.entries(resultOf(cell)?.evaluations ?? {}).slice(0, 2);
  return Promise.all(
    evaluations.map(([set, { classes, confusion }]) => {
      const names = classes.map(({ name }) => name);
      const title = `Confusions of ${rowName(row)} on ${set}, first cell; a row for each true class, a column for each class that was named`;
      return confusionMatrix(title, names, confusion, `confusion-${slug(set)}`);
    }),
  );
}

/** The words of the best rows, each set of parts once. */
function wordsOfRows(rows: readonly StudyRow[]): RowWords[] {
  const found: RowWords[] = [];
  const seen = new Set<string>();
  for (const row of rows) {
    if (found.length >= WORDS) break;
    const cell = row.cells.find(({ state }) => state.status === 'finished');
    const words = cell && wordsOf(cell);
    const key = words && canonicalJson(words);
    if (!words || seen.has(key!)) continue;
    seen.add(key!);
    found.push({ row: rowName(row), words });
  }
  return found;
}

function wantedOf(pair: LabelPair | undefined, confusions: readonly ResolvedConfusion[]): WantedImage[] {
  if (!pair) return [];
  return confusions.flatMap(({ set, images }) => images.map((id) => ({ cell: labelCell(pair), set, id })));
}

function wantedAnswers(found: BeforeAfter | undefined): WantedImage[] {
  if (!found) return [];
  return found.groups.flatMap(({ images }) => images.map(({ set, id }) => ({ cell: found.cells.after, set, id })));
}
