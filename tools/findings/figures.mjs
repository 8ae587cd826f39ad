import { draw, standaloneSvg } from '../../packages/bench/dist/report/draw.js';
import { readStudy, unique } from './data.mjs';

/** Differences to the baseline with their intervals, a panel for each data set. */
function differences(study, figure) {
  const { rows } = readStudy(study);
  const shown = rows.filter((row) => row.figure === figure && row.difference !== undefined);
  const values = shown.map((row) => ({
    name: row.name,
    set: row['dataset.use'],
    ...{ middle: 100 * row.difference, low: 100 * row.differenceLow, high: 100 * row.differenceHigh },
  }));
  const names = unique(rows.map(({ name }) => name));
  const y = { field: 'name', type: 'nominal', sort: names, axis: { title: null, grid: true } };
  const x = { title: `${figure}, points above ${shown[0].baseline}`, type: 'quantitative' };
  return {
    data: { values },
    facet: { column: { field: 'set', type: 'nominal', title: null, sort: unique(values.map(({ set }) => set)) } },
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
  const values = cells.filter(({ figure }) => figure === 'HM').map(({ name, value }) => ({ name, HM: 100 * value }));
  return {
    data: { values },
    width: 480,
    height: { step: 26 },
    mark: { type: 'tick', thickness: 2 },
    encoding: {
      x: { field: 'HM', type: 'quantitative', scale: { zero: false }, title: 'HM, percent' },
      y: { field: 'name', type: 'nominal', sort: unique(values.map(({ name }) => name)), title: null },
    },
  };
}

/** The figures by name, as SVG files. */
export async function figures() {
  const specs = {
    comma: differences('comma', 'HM'),
    lamm: differences('lamm', 'accuracy'),
    heads: differences('heads', 'accuracy'),
    chance: chance(),
  };
  const drawn = Object.entries(specs).map(async ([name, spec]) => [
    name,
    `${standaloneSvg(await draw(`findings-${name}`, name, spec))}\n`,
  ]);
  return Object.fromEntries(await Promise.all(drawn));
}
