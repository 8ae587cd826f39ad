import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CellFolder } from './cell-folder.js';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'cell-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const newCell = (): CellFolder => new CellFolder(mkdtempSync(join(root, 'cell-')));
const lose = (cell: CellFolder): void => cell.fail({ kind: 'lost', message: 'killed' });
const statusOf = (cell: CellFolder): string => cell.state({ retries: 0 }).status;

describe('a cell whose process is lost', () => {
  it('is given up at the third time, where it came no further in between', () => {
    const cell = newCell();
    const checkpoint = join(cell.path, 'resume.safetensors');
    writeFileSync(checkpoint, '');
    const before = Date.now() / 1000 - 60;
    utimesSync(checkpoint, before, before);
    for (const expected of ['waiting', 'waiting', 'failed']) {
      lose(cell);
      expect(statusOf(cell)).toBe(expected);
    }
    cell.forgive();
    expect(statusOf(cell)).toBe('waiting');
  });

  it('goes on as long as its checkpoint does, also that of a stage', () => {
    const cell = newCell();
    mkdirSync(join(cell.path, '2-novel'));
    for (let i = 0; i < 2; i++) lose(cell);
    const checkpoint = join(cell.path, '2-novel/resume.safetensors');
    writeFileSync(checkpoint, '');
    utimesSync(checkpoint, 0, 0); // written after the two losses, by a machine whose clock stands still
    lose(cell);
    expect(statusOf(cell)).toBe('waiting');
  });
});

it('forgets failures of which nothing can be read', () => {
  const cell = newCell();
  mkdirSync(join(cell.path, 'failures.jsonl'));
  expect(cell.failures()).toEqual([]);
  lose(cell);
  expect(cell.failures()).toHaveLength(1);
  appendFileSync(join(cell.path, 'failures.jsonl'), 'null\n{"kind": 3}\n[]\n');
  expect(cell.failures()).toHaveLength(1);
});

it('keeps what is recorded after a line that was left half-written', () => {
  const cell = newCell();
  lose(cell);
  appendFileSync(join(cell.path, 'failures.jsonl'), '{"kind":"error","mess');
  expect(cell.failures()).toHaveLength(1);
  cell.fail({ kind: 'error', message: 'no more memory', name: 'BackendError', exitCode: 5 });
  expect(cell.failures()).toMatchObject([
    { kind: 'lost', message: 'killed' },
    { kind: 'error', message: 'no more memory', name: 'BackendError', exitCode: 5 },
  ]);
  expect(statusOf(cell)).toBe('failed');
});
