import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CellFolder } from '../sweep/cell-folder.js';
import { resultSection } from './page/result-table.js';
import { recordedStudy } from './recorded-study.js';
import { searchedCells } from './searched-cells.js';
import { bestOf, rankedBy, studyOf, type StudiedCell } from './study.js';
import { studyText } from './study-text.js';

const root = mkdtempSync(join(tmpdir(), 'searched-'));
afterAll(() => rmSync(root, { recursive: true }));

/** A cell of a search: what validation images said after its epochs, and the accuracy on test images of those that came to their end. */
function cell(values: Record<string, unknown>, curve: readonly number[], test?: number, loss = 1): StudiedCell {
  const id = JSON.stringify(values).replaceAll(/\W+/g, '-');
  const path = join(root, id);
  mkdirSync(path);
  const lines = curve.map((accuracy, i) =>
    JSON.stringify({ type: 'evaluation', name: 'val', step: 10 * (i + 1), epoch: i + 1, accuracy, loss }),
  );
  writeFileSync(join(path, 'metrics.jsonl'), `${lines.join('\n')}\n`);
  const folder = new CellFolder(path);
  folder.stopAfter(test === undefined ? curve.length : Infinity);
  const outcome = { summary: { accuracy: test! }, parameters: 1, seconds: 1, evaluationSeconds: 1, date: '' };
  const state =
    test === undefined ? { status: 'paused' as const, epochs: curve.length } : { status: 'finished' as const, outcome };
  return { id, values, folder, state };
}
const rate = 'train.learningRate';
const study = studyOf({
  ...{ name: 'search', protocol: 'few-shot', folder: root },
  cells: [
    cell({ [rate]: 0.1 }, [0.5, 0.5, 0.6], 0.9), // the best on test images
    cell({ [rate]: 0.2 }, [0.5, 0.6, 0.8], 0.7, 0.5), // what validation images choose
    cell({ [rate]: 0.3 }, [0.5, 0.6, 0.8], 0.8), // as often right, with more loss
    cell({ [rate]: 0.4 }, [0.99]), // not compared so far on
  ],
});

it('marks what validation images chose, in each form, and says so', () => {
  expect(bestOf(study)).toMatchObject({ row: { labels: ['0.2'] }, figure: 'accuracy' });
  expect(studyText(study, 'table')).toMatch(/0\.2 .*70\.0 \*/);
  expect(studyText(study, 'table').match(/\d \*/g)).toHaveLength(1);
  expect(studyText(study, 'table')).toContain('* chosen by validation images, which test images did not');
  expect(studyText(study, 'table')).toContain('The search has stopped 1 of 4 cells.');
  expect(studyText(study, 'table')).not.toContain('not finished yet');
  const latex = studyText(study, 'latex');
  expect(latex).toContain('0.2 & \\textbf{70.0}');
  expect(latex.match(/textbf|underline/g)).toHaveLength(1);
  expect(latex).toContain('Bold: chosen by validation images.');
  const markdown = studyText(study, 'markdown');
  expect(markdown).toContain('| 0.2 | **70.0** |');
  expect(markdown.match(/\*\*\d|<u>/g)).toHaveLength(1);
  const { html } = resultSection(study, undefined);
  expect(html.match(/class="[^"]*best[^"]*"[^>]*><span>[^<]*/g)).toEqual([expect.stringContaining('<span>70.0')]);
  expect(html).toContain('★ chosen by validation images.');
});

it('tells trackers the figures of what was chosen', () => {
  const { values, tags } = recordedStudy(study);
  expect(values).toEqual({ 'best/accuracy': 0.7 });
  expect(tags['promptweave.best']).toBe(`${rate}=0.2: accuracy 70.0 (chosen by validation images)`);
});

it('ranks by a figure of test images where that is asked for', () => {
  expect(rankedBy(study.rows, 'accuracy').map(({ labels }) => labels[0])).toEqual(['0.1', '0.3', '0.2']);
});

it('chooses for each data set and number of shots by itself', () => {
  const several = studyOf({
    ...{ name: 'search', protocol: 'few-shot', folder: root },
    cells: ['pets', 'cars'].flatMap((use, d) => [
      cell({ 'dataset.use': use, [rate]: 0.1 }, [0.1 + d / 2], 0.2 + d / 2),
      cell({ 'dataset.use': use, [rate]: 0.2 }, [0.2 + d / 2], 0.1 + d / 2),
    ]),
  });
  expect(searchedCells(several).map(([best, ...others]) => [best!.name, best!.place, others.length])).toEqual([
    [`dataset.use=pets, ${rate}=0.2`, 'best', 1],
    [`dataset.use=cars, ${rate}=0.2`, 'best', 1],
  ]);
  const latex = studyText(several, 'latex');
  expect(latex).toContain('0.2 & \\textbf{10.0} & \\textbf{60.0} & 35.0 \\\\');
  expect(latex.match(/textbf|underline/g)).toHaveLength(2);
  const { values, tags } = recordedStudy(several);
  expect(values).toEqual({ 'best/pets/accuracy': 0.1, 'best/cars/accuracy': 0.6 });
  expect(tags['promptweave.best']).toMatch(/pets, .*=0\.2: accuracy 10\.0; .*cars, .*=0\.2: accuracy 60\.0 \(chosen/);
});
