import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfiguration, sourceFromValue } from '@promptweave/core/experiment';
import { afterAll, describe, expect, it } from 'vitest';
import { readStudy } from '../../report/study.js';
import { studyReport } from '../../report/study-report.js';
import { tinyConfiguration, tinyEnvironment, tinyRegistry } from '../../tiny.test.support.js';
import type { CellFolder } from '../cell-folder.js';
import { inProcessEngine } from '../local-engine.js';
import { planSweep } from '../plan.js';
import { runSweep } from '../run-sweep.js';
import { SweepFolder } from '../sweep-folder.js';
import { nextPromotions, type Candidate } from './promote.js';
import { runSearch } from './run-search.js';
import { readSearch, rungsOf, type Search } from './search-section.js';
import { validationCurve } from './validation-curve.js';

const root = mkdtempSync(join(tmpdir(), 'search-'));
afterAll(() => rmSync(root, { recursive: true }));

const candidate = (id: string, curve: [number, number][], limit?: number, closed = false): Candidate => ({
  ...{ id, curve: new Map(curve), closed },
  ...(limit !== undefined && { limit }),
});

describe('successive halving', () => {
  const rungs = [1, 3];
  it('begins with everything, and lets one in three go on', () => {
    const fresh = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => candidate(id, []));
    expect(nextPromotions(fresh, rungs, 3)).toEqual(fresh.map(({ id }) => ({ id, limit: 1 })));
    expect(nextPromotions(fresh, rungs, 3, ['a', 'c'])).toHaveLength(2);
    const scores = [0.1, 0.6, 0.3, 0.5, 0.2, 0.4];
    const first = fresh.map(({ id }, i) => candidate(id, [[1, scores[i]!]], 1));
    expect(nextPromotions(first, rungs, 3)).toEqual([
      { id: 'b', limit: 3 },
      { id: 'd', limit: 3 },
    ]);
    const second = first.map((cell) =>
      cell.id === 'b'
        ? candidate(
            'b',
            [
              [1, 0.6],
              [3, 0.6],
            ],
            3,
          )
        : cell.id === 'd'
          ? candidate(
              'd',
              [
                [1, 0.5],
                [3, 0.7],
              ],
              3,
            )
          : cell,
    );
    expect(nextPromotions(second, rungs, 3)).toEqual([{ id: 'd', limit: Infinity }]);
    const done = second.map((cell) => (cell.id === 'd' ? { ...cell, limit: Infinity, closed: true } : cell));
    expect(nextPromotions(done, rungs, 3)).toEqual([]);
  });

  it('has rungs that grow, below the whole training', () => {
    const search = { method: 'asha', first: 1, reduction: 3 } as Search;
    expect(rungsOf(search, 9)).toEqual([1, 3]);
    expect(rungsOf(search, 10)).toEqual([1, 3, 9]);
    expect(rungsOf({ ...search, first: 4 }, 4)).toEqual([]);
    expect(rungsOf(search, 11, 1)).toEqual([2, 4, 10]); // the warm-up is the same for all
    expect(rungsOf({ ...search, method: 'whole' }, 10)).toEqual([]);
  });

  it('halves each data set by itself', () => {
    const of = (group: string, scores: number[]) =>
      scores.map((score, i) => ({ ...candidate(`${group}${i}`, [[1, score]], 1), group }));
    const cells = [...of('easy', [0.9, 0.8, 0.7]), ...of('hard', [0.1, 0.3, 0.2])];
    expect(nextPromotions(cells, rungs, 3).map(({ id }) => id)).toEqual(['easy0', 'hard1']);
  });

  it('tells apart by the loss what is equally often right', () => {
    const losses = [0.9, 0.2, 0.5];
    const cells = ['a', 'b', 'c'].map((id, i) => ({
      ...candidate(id, [[1, 0.5]], 1),
      losses: new Map([[1, losses[i]!]]),
    }));
    expect(nextPromotions(cells, rungs, 3)).toEqual([{ id: 'b', limit: 3 }]);
  });

  it('is read with all that is wrong, and where', () => {
    const source = parseConfiguration('search: { reduction: 1, frist: 2 }', 'c.yaml');
    expect(() => readSearch(source)).toThrow(/c\.yaml:1:\d+: search.*frist.*Did you mean `first`\?/s);
    expect(readSearch(sourceFromValue({}))).toBeUndefined();
    expect(readSearch(sourceFromValue({ search: {} }))).toMatchObject({ reduction: 3, first: 1, sampler: 'order' });
    const file = sourceFromValue({ search: { first: 2, budget: { cells: 9 } } });
    expect(readSearch(file, ['search.budget.cells=4', 'train.batch=8', 'search={sampler: tpe}'])).toMatchObject({
      ...{ first: 2, sampler: 'tpe', budget: { cells: 4 } },
    });
    expect(readSearch(sourceFromValue({}), ['search={}'])).toMatchObject({ method: 'asha' });
    expect(readSearch(file, ['search=null'])).toBeUndefined();
    expect(() => readSearch(file, ['search.frist=1'])).toThrow(/frist/);
    const endless = parseConfiguration('search: { sampler: tpe }', 'c.yaml');
    expect(() => readSearch(endless)).toThrow(
      'c.yaml:1:11: search.sampler: tpe chooses which cells are worth a budget',
    );
    expect(readSearch(sourceFromValue({ search: { sampler: 'tpe', budget: { cells: 9 } } }))).toBeDefined();
  });
});

const rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
async function prepare(name: string, seed: number, length = 9) {
  const grid = { 'train.learningRate': rates };
  const train = { epochs: length, batch: 4, warmupEpochs: 0, evaluateEvery: 1 };
  const source = sourceFromValue({ ...tinyConfiguration, prompt: 'context', train, seed, grid });
  const planned = await planSweep({ source, registry: tinyRegistry(), folder: root });
  const folder = new SweepFolder(join(root, name));
  const cells = folder.prepare(planned, { name, file: 'x.yaml', overrides: [], retries: 0 }, root);
  return { folder, cells, epochs: new Map(cells.map(({ id }) => [id, length])) };
}
const search = readSearch(sourceFromValue({ search: {} }))!;
const bestOf = (cells: readonly CellFolder[]): number =>
  Math.max(...cells.flatMap((cell) => [...validationCurve(cell.path).points.values()]));
const stepsOf = (cells: readonly CellFolder[]): number =>
  cells.reduce((sum, cell) => sum + validationCurve(cell.path).steps, 0);

it(
  'stops what is worse, and ends the best with the bits of the whole grid, also where it is interrupted',
  { timeout: 240_000 },
  async () => {
    const whole = await prepare('whole', 1);
    const environment = tinyEnvironment();
    const engine = inProcessEngine(environment);
    await runSweep({ folder: whole.folder.path, cells: whole.cells, patience: { retries: 0 }, engine });
    const searched = await prepare('searched', 1);
    const request = { ...searched, folder: searched.folder.path, patience: { retries: 0 }, engine, search };
    const controller = new AbortController();
    let events = 0;
    const onEvent = (): void => void (++events === 40 && controller.abort());
    await runSearch({ ...request, signal: controller.signal, onEvent });
    const states = await runSearch(request);
    await environment.close();
    expect(events).toBeGreaterThanOrEqual(40);
    // Halving leaves one of nine; a third of the steps has room for the next best.
    expect(states.map(({ status }) => status).toSorted()).toEqual([
      ...['finished', 'finished'],
      ...Array<string>(7).fill('paused'),
    ]);
    expect(stepsOf(searched.cells)).toBeLessThanOrEqual(stepsOf(whole.cells) / 3);
    const place = states.findIndex(({ status }) => status === 'finished');
    const learned = (cell: CellFolder): Buffer => readFileSync(join(cell.path, 'prompts.safetensors'));
    expect(learned(searched.cells[place]!).equals(learned(whole.cells[place]!))).toBe(true);
    // The curves that were cut are the beginnings of the whole ones.
    searched.cells.forEach((cell, i) => {
      const all = validationCurve(whole.cells[i]!.path).points;
      for (const [epoch, accuracy] of validationCurve(cell.path).points) expect(all.get(epoch)).toBe(accuracy);
    });
    expect(bestOf(searched.cells)).toBeGreaterThan(bestOf(whole.cells) - 0.1);
    // Its page names what was chosen, not what is best on test images.
    const { html } = await studyReport(readStudy(searched.folder));
    expect(html).toMatch(/Chosen by validation images: .+ \([\d.]+ there\); accuracy in the results: /);
    expect(html).not.toContain('Best accuracy');
  },
);

it('lets TPE choose what begins, the same after an interruption', { timeout: 240_000 }, async () => {
  const environment = tinyEnvironment();
  const engine = inProcessEngine(environment);
  const sampled = readSearch(
    sourceFromValue({ search: { method: 'whole', sampler: 'tpe', startup: 3, round: 2, budget: { cells: 6 } } }),
  )!;
  const begun: string[][] = [];
  for (const name of ['at once', 'interrupted']) {
    const { folder, ...prepared } = await prepare(name, 3, 2);
    const request = { ...prepared, folder: folder.path, patience: { retries: 0 }, engine, search: sampled };
    if (name === 'interrupted') {
      const controller = new AbortController();
      let events = 0;
      await runSearch({ ...request, signal: controller.signal, onEvent: () => ++events === 20 && controller.abort() });
    }
    const states = await runSearch(request);
    const finished = request.cells.filter((_, i) => states[i]!.status === 'finished');
    expect(states.filter(({ status }) => status === 'waiting')).toHaveLength(3);
    begun.push(finished.map(({ id }) => id));
  }
  await environment.close();
  expect(begun[0]).toHaveLength(6);
  expect(begun[1]).toEqual(begun[0]);
});

it('begins nothing more when its budget is spent', { timeout: 240_000 }, async () => {
  const { folder, cells, epochs } = await prepare('budget', 2);
  const environment = tinyEnvironment();
  const engine = inProcessEngine(environment);
  const notes: string[] = [];
  const request = { cells, epochs, folder: folder.path, patience: { retries: 0 }, engine };
  const few = { ...search, budget: { cells: 3, steps: 20 } };
  const states = await runSearch({
    ...{ ...request, search: few },
    onEvent: (event) => event.type === 'note' && notes.push(event.message),
  });
  await environment.close();
  expect(states.map(({ status }) => status).slice(3)).toEqual(Array(6).fill('waiting'));
  expect(notes.at(-1)).toMatch(/^The budget of the search is spent: \d+ of 20 steps\.$/);
});
