import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { placeOf } from './run-place.js';

let base: string;
beforeEach(() => (base = mkdtempSync(join(tmpdir(), 'place-'))));
afterEach(() => rmSync(base, { recursive: true }));
const run = (name: string, ...files: string[]): string => {
  mkdirSync(join(base, name), { recursive: true });
  for (const file of files) writeFileSync(join(base, name, file), '');
  return join(base, name);
};

it('a run goes where there is none, or takes the next number', () => {
  const photos = run('photos', 'notes.txt');
  expect(placeOf(photos, 'refuse', false)).toEqual({ folder: photos });
  run('photos', 'result.json');
  expect(() => placeOf(photos, 'refuse', false)).toThrow('holds a run already');
  expect(placeOf(photos, 'number', false)).toMatchObject({ folder: `${photos}-2` });
  run('photos-2', 'resume.safetensors');
  const { folder, note } = placeOf(photos, 'number', false);
  expect(folder).toBe(`${photos}-3`);
  expect(note).toMatch(/photos-2 holds a run already, which is not finished: --resume goes on with it/);
  expect(placeOf(photos, 'number', true)).toEqual({ folder: `${photos}-2` });
  expect(placeOf(photos, 'refuse', true)).toEqual({ folder: photos });
});

it('what is overwritten is the run alone, with what a server was sent of it', () => {
  const files = ['result.json', 'prompts.safetensors', 'report.html', 'zero-shot.json', 'journal.jsonl', 'mlflow.json'];
  const photos = run('photos', ...files, 'mine.txt');
  expect(placeOf(photos, 'overwrite', false).note).toMatch(/overwritten/);
  expect(readdirSync(photos)).toEqual(['mine.txt']);
});
