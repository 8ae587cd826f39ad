import { draw, standaloneSvg } from '../../packages/bench/dist/report/draw.js';
import { costs } from './cost.mjs';
import { readStudy, unique } from './data.mjs';
import { gaps } from './gap.mjs';

/** Differences to the baseline with their intervals, a panel for each data set. */
function differences(study, figure) {
  const { rows } = readStudy(study);
  const shown = rows.filter((row) => row.figure === figure && row.difference !== undefined);
  const values = shown.map((row) => ({
    name: row.name,
    panel: row['dataset.use'],
    ...{ middle: 100 * row.difference, low: 100 * row.differenceLow, high: 100 * row.differenceHigh },
  }));
  const names = unique(rows.map(({ name }) => name));
  const baselines = unique(shown.map((row) => row.baseline));
  const above = baselines.length === 1 ? `points above ${baselines[0]}` : 'points gained';
  const y = { field: 'name', type: 'nominal', sort: names, axis: { title: null, grid: true } };
  const x = { title: `${figure}, ${above}`, type: 'quantitative' };
  return {
    data: { values },
    facet: { column: { field: 'panel', type: 'nominal', title: null, sort: unique(values.map(({ panel }) => panel)) } },
    spec: {
      width: 170,
      height: { step: 19 },
      layer: [
        { mark: { type: 'rule', color: '#8888' }, encoding: { x: { datum: 0 } } },
        {
          mark: { type: 'rule', strokeWidth: 2, color: 'currentColor' },
          encoding: { y, x: { ...x, field: 'low' }, x2: { field: 'high' } },
        },
        { mark: { type: 'point', filled: true, size: 45, opacity: 1 }, encoding: { y, x: { ...x, field: 'middle' } } },
      ],
    },
  };
}

/** Each seed of each source of chance. */
function chance() {
  const { cells } = readStudy('chance');
  const values = cells
    .filter(({ figure }) => figure === 'HM')
    .map((cell) => ({ name: cell.name, set: cell['dataset.use'], HM: 100 * cell.value }));
  return {
    ...besideEachOther(values),
    spec: {
      ...{ width: 260, height: { step: 26 } },
      mark: { type: 'tick', thickness: 2 },
      encoding: {
        x: { field: 'HM', type: 'quantitative', scale: { zero: false }, title: 'HM, percent' },
        y: { field: 'name', type: 'nominal', sort: unique(values.map(({ name }) => name)), title: null },
      },
    },
  };
}

/** Gap between zero-shot and linear probe against what LAMM gains; on the dashed line, LAMM reaches the linear probe. */
function gapAndGain() {
  const values = gaps().map(({ set, probe, lamm }) => ({
    set: set.replace('emoji-', ''),
    ...{ gap: 100 * probe.difference, gain: 100 * lamm.difference },
    ...{ low: 100 * lamm.differenceLow, high: 100 * lamm.differenceHigh },
  }));
  // Of two neighbours, the upper one has its name above and the other one below.
  const isUpper = ({ gain }, i) => gain >= (values[i % 2 === 0 ? i + 1 : i - 1]?.gain ?? -Infinity);
  const x = { field: 'gap', type: 'quantitative', title: 'linear probe − zero-shot, points' };
  const y = (field) => ({ field, type: 'quantitative', title: 'LAMM − zero-shot, points' });
  const names = (end, angle, isShown) => ({
    data: { values: values.filter(isShown) },
    mark: { type: 'text', align: 'left', baseline: 'middle', angle, dx: 5, fontSize: 11 },
    encoding: { x, y: y(end), text: { field: 'set' } },
  });
  const ends = values.filter((_, i) => i === 0 || i === values.length - 1);
  return {
    ...{ data: { values }, width: 560, height: 320 },
    layer: [
      { data: { values: [{}] }, mark: { type: 'rule', color: '#8888' }, encoding: { y: { datum: 0 } } },
      {
        data: { values: ends },
        mark: { type: 'line', color: '#8888', strokeWidth: 1, strokeDash: [4, 4] },
        encoding: { x, y: y('gap') },
      },
      { mark: { type: 'rule', color: 'currentColor' }, encoding: { x, y: y('low'), y2: { field: 'high' } } },
      { mark: { type: 'point', filled: true, size: 50, opacity: 1 }, encoding: { x, y: y('gain') } },
      names('high', -50, isUpper),
      names('low', 50, (value, i) => !isUpper(value, i)),
    ],
  };
}

/** A panel for each data set, on an axis of its own. */
function besideEachOther(values) {
  const sort = unique(values.map(({ set }) => set));
  return {
    data: { values },
    facet: { column: { field: 'set', type: 'nominal', title: null, sort } },
    resolve: { scale: { x: 'independent', y: 'independent' } },
  };
}

/** Accuracy over the shots, a line for each method. */
function overShots() {
  const values = readStudy('shots')
    .rows.filter(({ figure }) => figure === 'accuracy')
    .map((row) => {
      const set = row['dataset.use'];
      return { name: row.name, set, shots: Number(row['dataset.shots']), accuracy: 100 * row.value };
    });
  const axis = { values: unique(values.map(({ shots }) => shots)) };
  return {
    ...besideEachOther(values),
    spec: {
      ...{ width: 260, height: 320 },
      mark: { type: 'line', point: { size: 40 } },
      encoding: {
        x: { field: 'shots', type: 'quantitative', scale: { type: 'log', base: 2 }, axis, title: 'images a class' },
        y: { field: 'accuracy', type: 'quantitative', scale: { zero: false }, title: 'accuracy, percent' },
        color: { field: 'name', type: 'nominal', sort: unique(values.map(({ name }) => name)), title: null },
      },
    },
  };
}

/** What a method learns, how long it trains, and its figure on the average of the data sets; nothing stands for nothing. */
function costAndFigure(study, figure) {
  const values = costs(study, figure)
    .map((cost) => ({ ...cost, value: 100 * cost.value }))
    .sort((a, b) => b.value - a.value);
  const names = values.map(({ name }) => name);
  const panel = (field, x, axis = { labels: false, ticks: false }) => ({
    ...{ width: 170, height: { step: 19 } },
    transform: [{ filter: `datum.${field} > 0` }],
    mark: { type: 'point', filled: true, size: 45, opacity: 1 },
    encoding: {
      x: { field, type: 'quantitative', ...x },
      y: { field: 'name', type: 'nominal', scale: { domain: names }, axis: { title: null, grid: true, ...axis } },
    },
  });
  const byTens = (field, format) => {
    const [least, most] = [Math.min, Math.max].map((end) => end(...values.map((cost) => cost[field]).filter(Boolean)));
    const first = Math.floor(Math.log10(least));
    const tens = Array.from({ length: Math.ceil(Math.log10(most)) - first + 1 }, (_, i) => 10 ** (first + i));
    return { scale: { type: 'log' }, axis: { values: tens, format } };
  };
  return {
    data: { values },
    hconcat: [
      panel('value', { title: `${figure}, percent`, scale: { zero: false } }, {}),
      panel('learned', { title: 'learned values', ...byTens('learned', '~s') }),
      panel('seconds', { title: 'training, s', ...byTens('seconds', '~g') }),
    ],
  };
}

const figures = {
  comma: () => differences('comma', 'HM'),
  lamm: () => differences('lamm', 'accuracy'),
  gap: gapAndGain,
  promptsrc: () => differences('promptsrc', 'novel'),
  heads: () => differences('heads', 'accuracy'),
  'heads-cost': () => costAndFigure('heads', 'accuracy'),
  shots: overShots,
  incremental: () => differences('incremental', 'forgetting'),
  chance,
};

/** The figures that a page shows, by name, as SVG files. */
export async function figuresOf(page) {
  const shown = Object.entries(figures).filter(([name]) => page.includes(`(findings-${name}.svg)`));
  const drawn = shown.map(async ([name, spec]) => [
    name,
    `${standaloneSvg(await draw(`findings-${name}`, name, spec()))}\n`,
  ]);
  return Object.fromEntries(await Promise.all(drawn));
}
