import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runFile, trainingFolders } from './run-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is that of the folder, or else of the last training in it', () => {
  expect(runFile(folder, 'log.txt')).toBe(join(folder, 'log.txt'));
  expect(trainingFolders(folder)).toEqual(['.']);
  for (const stage of ['1-base', '2-novel', 'plots']) mkdirSync(join(folder, stage));
  expect(trainingFolders(folder)).toEqual(['1-base', '2-novel']);
  expect(runFile(folder, 'log.txt')).toBe(join(folder, '2-novel/log.txt'));
  writeFileSync(join(folder, 'log.txt'), '');
  expect(runFile(folder, 'log.txt')).toBe(join(folder, 'log.txt'));
});

it('is a path also where there is no folder', () => {
  expect(runFile(join(folder, 'none'), 'log.txt')).toBe(join(folder, 'none/log.txt'));
  writeFileSync(join(folder, 'file'), '');
  expect(runFile(join(folder, 'file'), 'log.txt')).toBe(join(folder, 'file/log.txt'));
});
