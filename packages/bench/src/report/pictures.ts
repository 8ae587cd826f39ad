import type { Config, TopLevelSpec } from 'vega-lite';
import { figureText } from './table.js';
import type { LearningPoint } from './run-details.js';
import type { Study, StudyRow } from './study.js';

/** A picture as SVG, and what it shows. */
export interface Picture {
  readonly title: string;
  readonly svg: string;
}

/** Lines and text take the colour of the page, so that a picture is good in light and dark. */
const config: Config = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  axis: {
    labelColor: 'currentColor',
    titleColor: 'currentColor',
    gridColor: '#8884',
    domainColor: '#8888',
    tickColor: '#8888',
    labelLimit: 220,
  },
  legend: { labelColor: 'currentColor', titleColor: 'currentColor', labelLimit: 260 },
  header: { labelColor: 'currentColor', titleColor: 'currentColor' },
  view: { stroke: null },
  range: {
    category: ['#4c78a8', '#f58518', '#54a24b', '#b279a2', '#e45756', '#72b7b2', '#eeca3b', '#9d755d', '#bab0ac'],
  },
};

/** What a row is called in pictures. */
export function rowName({ labels }: StudyRow): string {
  return labels.join(' · ') || 'all cells';
}

/** Bars of the protocol's figures, with the spread over seeds. */
export async function figureBars({ rows, figures }: Study): Promise<Picture | undefined> {
  const values = rows.flatMap((row) =>
    figures.flatMap((figure) => {
      const found = row.figures[figure];
      if (!found) return [];
      const [low, high] = [found.mean - found.sd, found.mean + found.sd].map((value) => 100 * value);
      return [{ row: rowName(row), figure, value: 100 * found.mean, low, high, text: figureText(found) }];
    }),
  );
  if (values.length === 0) return undefined;
  const position = {
    y: { field: 'row', type: 'nominal' as const, sort: null, title: null },
    yOffset: { field: 'figure', sort: [...figures] },
  };
  const svg = await draw({
    data: { values },
    width: 560,
    height: { step: 12 },
    layer: [
      {
        mark: { type: 'bar', tooltip: true },
        encoding: {
          ...position,
          x: { field: 'value', type: 'quantitative', title: 'percent' },
          color: { field: 'figure', type: 'nominal', sort: [...figures], title: null },
        },
      },
      {
        mark: { type: 'rule', color: 'currentColor' },
        encoding: { ...position, x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
      },
    ],
  });
  return { title: `${figures.join(', ')}; the line is one standard deviation to each side`, svg };
}

/** Training loss over steps, one line for each row. */
export async function learningCurves(points: readonly LearningPoint[]): Promise<Picture | undefined> {
  if (points.length === 0) return undefined;
  const svg = await draw({
    data: { values: [...points] },
    width: 560,
    height: 260,
    mark: { type: 'line', strokeWidth: 1.5 },
    encoding: {
      x: { field: 'progress', type: 'quantitative', title: 'share of the training', axis: { format: '%' } },
      y: { field: 'loss', type: 'quantitative', title: 'training loss', scale: { zero: false } },
      color: { field: 'row', type: 'nominal', sort: null, title: null },
    },
  });
  return { title: 'Training loss, mean over seeds and neighbouring steps', svg };
}

/** Learned numbers against the leading figure. */
export async function costAgainst(figure: string, { rows }: Study): Promise<Picture | undefined> {
  const values = rows.flatMap((row) => {
    const found = row.figures[figure];
    return found && row.seconds !== undefined
      ? [{ row: rowName(row), value: 100 * found.mean, seconds: row.seconds }]
      : [];
  });
  if (values.length < 2) return undefined;
  const svg = await draw({
    data: { values },
    width: 560,
    height: 260,
    mark: { type: 'point', filled: true, size: 90, opacity: 1 },
    encoding: {
      x: { field: 'seconds', type: 'quantitative', title: 'seconds for training and tests of one cell' },
      y: { field: 'value', type: 'quantitative', title: `${figure}, percent`, scale: { zero: false } },
      color: { field: 'row', type: 'nominal', sort: null, title: null },
    },
  });
  return { title: `Cost against ${figure}`, svg };
}

/** Which class was taken for which; rows are normalised. */
export async function confusionMatrix(
  title: string,
  names: readonly string[],
  confusion: readonly (readonly number[])[],
): Promise<Picture> {
  const values = confusion.flatMap((row, actual) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, predicted) =>
      count === 0 ? [] : [{ actual: names[actual], predicted: names[predicted], share: count / total, images: count }],
    );
  });
  const step = names.length > 60 ? 6 : names.length > 25 ? 12 : 18;
  const axis = names.length > 60 ? { labels: false } : {};
  const scale = { domain: [...names] };
  const svg = await draw({
    data: { values },
    width: { step },
    height: { step },
    mark: { type: 'rect', tooltip: true },
    encoding: {
      x: { field: 'predicted', type: 'nominal', sort: null, scale, axis: { ...axis, labelAngle: -60 } },
      y: { field: 'actual', type: 'nominal', sort: null, scale, axis },
      color: { field: 'share', type: 'quantitative', scale: { scheme: 'viridis', domain: [0, 1] }, title: 'share' },
    },
  });
  return { title, svg };
}

/** Draws without a browser; the library is loaded when it is needed. */
async function draw(spec: TopLevelSpec): Promise<string> {
  const [{ compile }, { parse, View }] = await Promise.all([import('vega-lite'), import('vega')]);
  const compiled = compile(spec, { config }).spec;
  const view = new View(parse(compiled), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
