import { readStudy, rowOf, unique } from './data.mjs';
import { rankCorrelation } from './rank-correlation.mjs';
import { differenceText, valueText } from './tables.mjs';
import { table } from './text.mjs';

/** The rows of each data set, from the smallest gap between zero-shot and linear probe to the largest. */
export function gaps() {
  const { rows } = readStudy('gap');
  return unique(rows.map((row) => row['dataset.use']))
    .map((set) => {
      const [clip, probe, lamm] = ['CLIP', 'Linear probe', 'LAMM'].map((name) =>
        rowOf(rows, { name, figure: 'accuracy', 'dataset.use': set }),
      );
      return { set, clip, probe, lamm };
    })
    .filter(({ clip, probe, lamm }) => clip && probe && lamm)
    .sort((a, b) => a.probe.difference - b.probe.difference);
}

/** Where LAMM helps. */
export function gap() {
  const found = gaps();
  const { rho, p } = rankCorrelation(...['probe', 'lamm'].map((name) => found.map((set) => set[name].difference)));
  const heading = ['', 'zero-shot', 'linear probe', 'LAMM', 'gap: linear probe − zero-shot', 'gain: LAMM − zero-shot'];
  const lines = found.map(({ set, clip, probe, lamm }) => [
    set,
    ...[clip, probe, lamm].map(valueText),
    ...[probe, lamm].map(differenceText),
  ]);
  const shown = rho.toFixed(2).replace('-', '−');
  return `${table(heading, lines)}\n\nSpearman’s rank correlation of gap and gain over ${found.length} data sets: ${shown} (p = ${p.toPrecision(2)}, two-sided, over all orders).`;
}
