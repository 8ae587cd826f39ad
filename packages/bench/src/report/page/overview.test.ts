import { expect, it } from 'vitest';
import { CellFolder } from '../../sweep/cell-folder.js';
import { studyOf, type StudiedCell } from '../study.js';
import { overviewHtml } from './overview.js';
import { resultSection } from './result-table.js';

const cell = (name: string, use: string, shots: number, accuracy: number): StudiedCell => {
  const values = { 'dataset.use': use, 'dataset.shots': shots, seed: 1 };
  const outcome = {
    summary: { accuracy },
    parameters: 1,
    seconds: 1,
    evaluationSeconds: 1,
    date: '2026-01-01T00:00:00Z',
  };
  const id = `${name}-${use}-${shots}`;
  return { id, name, standsFor: [], values, folder: new CellFolder(id), state: { status: 'finished', outcome } };
};
function outcomeOf({ state }: StudiedCell) {
  if (state.status !== 'finished') throw new Error('not finished');
  return state.outcome;
}
const names = ['CLIP', 'CoOp', 'MaPLe'];
const study = (shots: readonly number[], datasets: readonly string[]) =>
  studyOf({
    ...{ name: 's', protocol: 'few-shot', folder: 'f' },
    cells: names.flatMap((name, n) =>
      datasets.flatMap((use, d) => shots.map((count) => cell(name, use, count, 0.5 + n / 10 + d / 100 + count / 1000))),
    ),
  });

it('has averages first, methods as rows and shots as columns, then the data sets of each number of shots', () => {
  const html = overviewHtml(study([1, 4, 16], ['pets', 'cars']));
  const [averages, ...others] = html.split('<details');
  expect(averages).toContain('accuracy, average over 2 data sets');
  expect(averages).toMatch(/<th[^>]*>1 shot<\/th><th[^>]*>4 shots<\/th><th[^>]*>16 shots<\/th>/);
  expect(averages).toContain('<td><span>CoOp</span></td><td class="number second"><span>60.6</span></td>'); // of 60.1 and 61.1
  expect(averages).toContain('<td class="number best"><span>72.1</span></td>');
  expect(others.map((text) => /^( open)?><summary>(.*?)<\/summary>/.exec(text)!.slice(1))).toEqual([
    [' open', '16 shots, by data set'],
    [undefined, '4 shots, by data set'],
    [undefined, '1 shot, by data set'],
  ]);
  expect(others[0]).toMatch(/<th[^>]*>pets<\/th><th[^>]*>cars<\/th><th[^>]*>average<\/th>/);
});

it('is not there for one data set; a long grid is folded below it, and says the rest of a row where there is little room', () => {
  expect(overviewHtml(study([1, 2], ['pets']))).toBe('');
  const { html } = resultSection(
    study(
      Array.from({ length: 9 }, (_, i) => i + 1),
      ['pets', 'cars'],
    ),
    undefined,
  );
  expect(html).toContain('<details><summary>All 54 rows');
  expect(html).toContain('data-rest="pets · 1"');
  expect(resultSection(study([1], ['pets', 'cars']), undefined).html).not.toContain('rows, to sort');
});

it('says a name once where its figures stand below each other', () => {
  const html = overviewHtml(
    studyOf({
      ...{ name: 's', protocol: 'few-shot', folder: 'f' },
      cells: names.flatMap((name) =>
        ['pets', 'cars'].map((use) => {
          const made = cell(name, use, 4, 0.5);
          const state = {
            status: 'finished' as const,
            outcome: { ...outcomeOf(made), summary: { accuracy: 0.5, macroF1: 0.4 } },
          };
          return { ...made, state };
        }),
      ),
    }),
  );
  expect(html).toContain('<td><span>CoOp</span></td><td><span>accuracy</span></td>');
  expect(html).toContain('<td class="again"><span>CoOp</span></td><td><span>macroF1</span></td>');
});
