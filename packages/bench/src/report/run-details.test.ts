import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CellFolder } from '../sweep/cell-folder.js';
import { learningPoints } from './run-details.js';
import { studyOf, type StudiedCell } from './study.js';
import { studyText } from './study-text.js';

const root = mkdtempSync(join(tmpdir(), 'details-'));
afterAll(() => rmSync(root, { recursive: true }));

/** The study of one failed cell whose folder holds a file. */
function studyWith(id: string, file: string, text: string) {
  const path = join(root, id);
  mkdirSync(join(path, file, '..'), { recursive: true });
  writeFileSync(join(path, file), text);
  const failures = [{ kind: 'error' as const, message: 'too fast', date: '' }];
  const state = { status: 'failed' as const, failures };
  const cell: StudiedCell = { id, values: { seed: 1 }, folder: new CellFolder(path), state };
  return studyOf({ name: 's', protocol: 'incremental', folder: root, cells: [cell] });
}

const step = (n: number): string => JSON.stringify({ type: 'step', step: n, steps: 10, loss: 1 / n, accuracy: 0.5 });

it('reads the learning curve up to a line that is half-written', () => {
  const { rows } = studyWith('half', 'metrics.jsonl', `${step(1)}\n${step(2)}\n{"type":"step","st`);
  expect(learningPoints(rows).map(({ progress, loss }) => [progress, loss])).toEqual([
    [0.1, 1],
    [0.2, 0.5],
  ]);
});

it('looks into the last training of a run that has several', () => {
  const { rows } = studyWith('stages', '2-novel/metrics.jsonl', `${step(4)}\n`);
  expect(learningPoints(rows)).toHaveLength(1);
  expect(studyText(studyWith('logged', '2-novel/log.txt', ''), 'table')).toContain('2-novel/log.txt');
});
