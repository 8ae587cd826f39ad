import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePredictions, type SetPredictions } from '@promptweave/core/experiment';
import { afterAll, expect, it } from 'vitest';
import { CellFolder } from '../../sweep/cell-folder.js';
import { studyOf, type StudiedCell } from '../study.js';
import { compareRows } from './comparison.js';
import { resampleRows } from './resampled-figures.js';
import { interval } from './resampling.js';

const folder = mkdtempSync(join(tmpdir(), 'resampled-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A finished cell that kept its answers. */
function cell(protocol: string, prompt: string, sets: Record<string, SetPredictions>): StudiedCell {
  const id = `${protocol}-${prompt}`;
  const path = join(folder, id);
  mkdirSync(path);
  writeFileSync(join(path, 'config.yaml'), `protocol: { use: ${protocol} }\n`);
  writePredictions(path, sets);
  const accuracies = Object.entries(sets).map(([name, { labels, predicted }]): [string, number] => {
    return [name, labels.filter((label, i) => label === predicted[i]).length / labels.length];
  });
  const outcome = { parameters: 8, seconds: 1, evaluationSeconds: 1, date: '' };
  return {
    ...{ id, values: { 'protocol.use': protocol, 'prompt.use': prompt, seed: 1 }, folder: new CellFolder(path) },
    state: { status: 'finished', outcome: { ...outcome, summary: Object.fromEntries(accuracies) } },
  };
}

/** Answers for images of class 0. */
function answers(right: readonly boolean[]): SetPredictions {
  return {
    images: right.map((_, i) => `image ${i}`),
    labels: right.map(() => 0),
    predicted: right.map((is) => (is ? 0 : 1)),
    confidence: right.map(() => 0.5),
  };
}

const half = Array.from({ length: 100 }, (_, i) => i % 2 === 0);

it('makes the figures of each row as its own protocol does', () => {
  const cells = ['coop', 'maple'].flatMap((prompt) => [
    cell('base-to-novel', prompt, { base: answers(half), novel: answers(half) }),
    cell('few-shot', prompt, { test: answers(half) }),
  ]);
  const study = studyOf({ name: 's', protocol: 'base-to-novel', folder, cells });
  expect(resampleRows(study).map((row) => [...row!.figures.keys()])).toEqual([
    ['base', 'novel', 'HM', 'HM (mean of HMs)'],
    ['accuracy'],
    ['base', 'novel', 'HM', 'HM (mean of HMs)'],
    ['accuracy'],
  ]);
  expect(compareRows(study)!.drawn).toBe('images');
});

it('draws the same images before and after a second training', () => {
  const lost = half.map((right, i) => right && i >= 20); // 10 of 100 images
  const sets = (after: readonly boolean[]): Record<string, SetPredictions> => ({
    ...{ 'before/base': answers(half), 'after/base': answers(after) },
    ...{ 'after/novel': answers(half), 'after/all': answers([...after, ...half]) },
  });
  const cells = [cell('incremental', 'coop', sets(half)), cell('incremental', 'maple', sets(lost))];
  const study = studyOf({ name: 's', protocol: 'incremental', folder, cells });
  const [none, some] = resampleRows(study).map((row) => row!.figures.get('forgetting')!);
  expect(new Set(none)).toEqual(new Set([0]));
  // By hand: sqrt(0.1 · 0.9 / 100) = 0.03 to each side; drawn apart, it would be sqrt(0.25 / 100 + 0.24 / 100) = 0.07.
  const { low, high } = interval(some!);
  expect(low).toBeGreaterThan(0.1 - 1.96 * 0.03 - 0.015);
  expect(high).toBeLessThan(0.1 + 1.96 * 0.03 + 0.015);
});

it('draws the seeds, too: what one seed has and another has not is in the interval', () => {
  const none = half.map(() => false);
  const seeds = [half, half, none].map((right, i) => {
    const made = cell('few-shot', `seeds${i}`, { test: answers(right) });
    return { ...made, values: { 'prompt.use': 'coop', seed: i + 1 } };
  });
  const rows = studyOf({ name: 's', protocol: 'few-shot', folder, cells: seeds });
  const { low, high } = interval(resampleRows(rows)[0]!.figures.get('accuracy')!);
  // All three draws are the bad seed in 1 of 27 cases, none of them in 8 of 27: from 0 to about 0.6.
  expect(low).toBe(0);
  expect(high).toBeGreaterThan(0.5);
  const steady = seeds.slice(0, 2).map((made, i) => ({ ...made, values: { 'prompt.use': 'coop', seed: i + 1 } }));
  const calm = interval(
    resampleRows(studyOf({ name: 's', protocol: 'few-shot', folder, cells: steady }))[0]!.figures.get('accuracy')!,
  );
  expect(calm.low).toBeGreaterThan(0.38); // images alone: 0.5 ± 0.1
});
