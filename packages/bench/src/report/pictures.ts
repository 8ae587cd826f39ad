import { duration } from '@promptweave/core/experiment';
import { shownValue } from '../protocols/figure-unit.js';
import type { FigureKind } from '@promptweave/core';
import { draw, type Picture } from './draw.js';
import type { PictureRows } from './picture-rows.js';
import type { LearningPoint } from './run-details.js';
import { rowName } from './row-name.js';
import type { StudyRow } from './study.js';
import { figureText } from './table.js';

export type { Picture } from './draw.js';

/** Bars of figures, with the spread over seeds; a panel for each data set. */
export async function figureBars(
  groups: readonly PictureRows[],
  figures: readonly string[],
  name: (row: StudyRow) => string = rowName,
): Promise<Picture | undefined> {
  const values = groups
    .flatMap(({ dataset, rows }) => rows.map((row) => ({ dataset, row })))
    .flatMap(({ dataset, row }) =>
      figures.flatMap((figure) => {
        if (!Object.hasOwn(row.figures, figure)) return [];
        const found = row.figures[figure]!;
        const [low, high] = [found.mean - found.sd, found.mean + found.sd].map((value) =>
          withinScale(found, shownValue(found, value)),
        );
        return [
          {
            dataset,
            row: name(row),
            figure,
            value: shownValue(found, found.mean),
            percent: found.unit === undefined && found.better !== 'less',
            low,
            high,
            said: `${rowName(row)}, ${figure}: ${figureText(found)}`,
          },
        ];
      }),
    );
  if (values.length === 0) return undefined;
  const position = {
    y: { field: 'row', type: 'nominal' as const, sort: null, title: null },
    yOffset: { field: 'figure', sort: [...figures] },
  };
  const isPercent = values.every(({ percent }) => percent);
  const x = {
    type: 'quantitative' as const,
    title: isPercent ? 'percent' : null,
    ...(isPercent && { scale: { domain: [0, 100] } }),
  };
  const several = groups.length > 1;
  const bars = {
    width: several ? 290 : 640,
    height: { step: several ? 9 : 13 },
    layer: [
      {
        mark: { type: 'bar' as const, clip: true },
        encoding: {
          ...position,
          x: { ...x, field: 'value' },
          color: { field: 'figure', type: 'nominal' as const, sort: [...figures], title: null },
          description: { field: 'said' },
        },
      },
      {
        mark: { type: 'rule' as const, color: 'currentColor', aria: false },
        encoding: { ...position, x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
    ],
  };
  const title = `${figures.join(', ')}; the line is one standard deviation over seeds to each side`;
  if (!several) return draw('figures', title, { data: { values }, ...bars, config: BELOW });
  return draw('figures', `${title}. By data set, each with its best methods`, {
    data: { values },
    facet: { field: 'dataset', type: 'nominal', title: null, sort: groups.map(({ dataset }) => dataset) },
    columns: 2,
    spec: bars,
    resolve: { scale: { y: 'independent' } },
    config: BELOW,
  });
}

/** An accuracy is nowhere below 0 or above 100, whatever its deviation. */
export function withinScale({ unit }: FigureKind, shown: number): number {
  return unit === undefined ? Math.min(100, Math.max(0, shown)) : shown;
}

/** Colour of what stands behind. */
export const GREY = '#9a9a9a';

/** What a picture of curves shows besides the lines in colour. */
export interface CurveOptions {
  /** Curves in grey, behind the others. */
  readonly others?: readonly LearningPoint[];
  /** What the curves are of. */
  readonly of?: string;
}

/** Loss and accuracy over the training, one line for each row. */
export async function learningCurves(
  points: readonly LearningPoint[],
  { others = [], of }: CurveOptions = {},
): Promise<Picture | undefined> {
  if (points.length === 0) return undefined;
  const valuesOf = (list: readonly LearningPoint[], what: 'loss' | 'accuracy') =>
    list.flatMap(({ row, progress, [what]: value }) =>
      value === undefined ? [] : [{ row, progress, value: what === 'loss' ? value : 100 * value }],
    );
  const x = {
    field: 'progress',
    type: 'quantitative' as const,
    title: 'share of the training',
    scale: { domain: [0, 1] },
    axis: { format: '%', tickCount: 5 },
  };
  const panel = (what: 'loss' | 'accuracy', title: string, domain?: [number, number]) => {
    const scale = domain ? { domain } : { zero: false };
    const y = { field: 'value', type: 'quantitative' as const, title: null, scale };
    const line = { type: 'line' as const, clip: true };
    return {
      ...{ title: { text: title, fontWeight: 'normal' as const, color: 'currentColor' }, width: 400, height: 250 },
      layer: [
        {
          data: { values: valuesOf(others, what) },
          mark: { ...line, strokeWidth: 1, color: GREY, opacity: 0.45, aria: false },
          encoding: { x, y, detail: { field: 'row' } },
        },
        {
          data: { values: valuesOf(points, what) },
          mark: { ...line, strokeWidth: 2 },
          encoding: { x, y, color: { field: 'row', type: 'nominal' as const, sort: null, title: null } },
        },
      ],
    };
  };
  const hasAccuracy = points.some(({ accuracy }) => accuracy !== undefined);
  const grey = others.length > 0 ? '; in colour the best row of each method, in grey the others' : '';
  const about = of === undefined ? '' : `${of}. `;
  return draw('learning-curves', `${about}Over the training, mean over seeds and neighbouring steps${grey}`, {
    hconcat: [
      panel('loss', 'training loss'),
      ...(hasAccuracy ? [panel('accuracy', 'training accuracy, percent', [0, 100])] : []),
    ],
    config: BELOW,
  });
}

/** The curves of one run, a picture each, which stand one below the other where the page is narrow. */
export async function trainingCurves(points: readonly LearningPoint[]): Promise<Picture[]> {
  const curve = (name: string, title: string, values: readonly { progress: number; value: number }[]) =>
    draw(name, `${title}, mean over neighbouring steps`, {
      data: { values: [...values] },
      width: 290,
      height: 200,
      mark: { type: 'line', strokeWidth: 1.5 },
      encoding: {
        x: { field: 'progress', type: 'quantitative', title: 'share of the training', axis: { format: '%' } },
        y: { field: 'value', type: 'quantitative', title: null, scale: { zero: false } },
      },
    });
  if (points.length === 0) return [];
  const losses = points.map(({ progress, loss }) => ({ progress, value: loss }));
  const accuracies = points.flatMap(({ progress, accuracy }) =>
    accuracy === undefined ? [] : [{ progress, value: 100 * accuracy }],
  );
  return Promise.all([
    curve('training-loss', 'Training loss', losses),
    curve('training-accuracy', 'Accuracy on the training images, percent', accuracies),
  ]);
}

const TIME = 'seconds for training and tests of one cell';
const NUMBERS = 'learned parameters';
/** Colours of the palette; the last one is for the rest. */
const COLOURS = 20;
/** Learned parameters that the axis names. */
const POWERS = [0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/** What each row costs against a figure: time, and learned parameters. */
export async function costAgainst(figure: string, rows: readonly StudyRow[]): Promise<Picture | undefined> {
  // More rows than colours are told apart by their first axis alone; pointing at one says which it is.
  const firsts = [...new Set(rows.map(({ labels }) => labels[0] ?? 'all'))].slice(0, COLOURS - 1);
  const first = ({ labels: [label = 'all'] }: StudyRow): string => (firsts.includes(label) ? label : 'others');
  const named = (row: StudyRow): string => (rows.length > COLOURS / 2 ? first(row) : rowName(row));
  const values = rows.flatMap((row) => {
    const found = Object.hasOwn(row.figures, figure) ? row.figures[figure] : undefined;
    if (!found || row.seconds === undefined) return [];
    const value = shownValue(found, found.mean);
    const cost = `${duration(row.seconds)}, ${(row.parameters ?? 0).toLocaleString('en')} learned parameters`;
    const said = `${rowName(row)}: ${figureText(found)}, ${cost}`;
    return [
      { row: named(row), value, said, what: TIME, cost: row.seconds },
      { row: named(row), value, said, what: NUMBERS, cost: row.parameters ?? 0 },
    ];
  });
  if (values.length < 4) return undefined;
  const panel = (what: string, scale: object, axis: object) => ({
    transform: [{ filter: { field: 'what', equal: what } }],
    width: 320,
    height: 240,
    mark: { type: 'point' as const, filled: true, size: 80, opacity: 1 },
    encoding: {
      x: { field: 'cost', type: 'quantitative' as const, title: what, scale, axis },
      y: { field: 'value', type: 'quantitative' as const, title: figure, scale: { zero: false } },
      color: { field: 'row', type: 'nominal' as const, sort: null, title: null },
      description: { field: 'said' },
    },
  });
  return draw('cost', `Cost against ${figure}`, {
    data: { values },
    hconcat: [
      panel(TIME, { zero: false }, { tickCount: 5 }),
      panel(NUMBERS, { type: 'symlog', constant: 100 }, { values: POWERS, format: ',' }),
    ],
    config: BELOW,
  });
}

/** Which class was taken for which; rows are normalised. */
export async function confusionMatrix(
  title: string,
  names: readonly string[],
  confusion: readonly (readonly number[])[],
  name = 'confusion',
): Promise<Picture> {
  const values = confusion.flatMap((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, predicted) =>
      count === 0
        ? []
        : [
            {
              actual: names[actual],
              predicted: names[predicted],
              share: count / total,
              count,
              said: `${names[actual]}: ${count} of ${total} taken for ${names[predicted]}`,
            },
          ],
    );
  });
  const step = names.length > 60 ? 8 : names.length > 25 ? 16 : names.length > 12 ? 30 : 44;
  const withNumbers = names.length <= 25;
  const axis = { title: null, ...(names.length > 60 && { labels: false, ticks: false }) };
  const scale = { domain: [...names] };
  return draw(name, title, {
    data: { values },
    width: { step },
    height: { step },
    encoding: {
      x: { field: 'predicted', type: 'nominal', sort: null, scale, axis: { ...axis, labelAngle: -60 } },
      y: { field: 'actual', type: 'nominal', sort: null, scale, axis },
    },
    layer: [
      {
        mark: { type: 'rect', color: '#3f87d9' },
        encoding: {
          fillOpacity: {
            field: 'share',
            type: 'quantitative',
            scale: { domain: [0, 1], range: [0.07, 1] },
            title: 'share',
          },
          description: { field: 'said' },
        },
      },
      ...(withNumbers
        ? [{ mark: { type: 'text' as const, fontSize: 11, aria: false }, encoding: { text: { field: 'count' } } }]
        : []),
    ],
  });
}

/** Legends under the picture leave its width to the lines. */
export const BELOW = { legend: { orient: 'bottom' as const, columns: 3 } };
