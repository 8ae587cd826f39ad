import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfiguration, sourceFromValue } from '@promptweave/core/experiment';
import { afterAll, describe, expect, it } from 'vitest';
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
    expect(nextPromotions(fresh, rungs, 3, 2)).toHaveLength(2);
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
    const search = { first: 1, reduction: 3 } as Search;
    expect(rungsOf(search, 9)).toEqual([1, 3]);
    expect(rungsOf(search, 10)).toEqual([1, 3, 9]);
    expect(rungsOf({ ...search, first: 4 }, 4)).toEqual([]);
  });

  it('is read with all that is wrong, and where', () => {
    const source = parseConfiguration('search: { reduction: 1, frist: 2 }', 'c.yaml');
    expect(() => readSearch(source)).toThrow(/c\.yaml:1:\d+: search/);
    expect(readSearch(sourceFromValue({}))).toBeUndefined();
    expect(readSearch(sourceFromValue({ search: {} }))).toMatchObject({ reduction: 3, first: 1 });
  });
});

const rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
async function prepare(name: string, seed: number) {
  const grid = { 'train.learningRate': rates };
  const train = { epochs: 9, batch: 4, warmupEpochs: 0, evaluateEvery: 1 };
  const source = sourceFromValue({ ...tinyConfiguration, prompt: 'context', train, seed, grid });
  const planned = await planSweep({ source, registry: tinyRegistry(), folder: root });
  const folder = new SweepFolder(join(root, name));
  const cells = folder.prepare(planned, { name, file: 'x.yaml', overrides: [], retries: 0 }, root);
  return { folder, cells, epochs: new Map(cells.map(({ id }) => [id, 9])) };
}
const search: Search = { method: 'asha', reduction: 3, first: 1, budget: {} };
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
    expect(states.map(({ status }) => status).toSorted()).toEqual(['finished', ...Array<string>(8).fill('paused')]);
    expect(stepsOf(searched.cells)).toBeLessThan(stepsOf(whole.cells) / 3);
    const place = states.findIndex(({ status }) => status === 'finished');
    const learned = (cell: CellFolder): Buffer => readFileSync(join(cell.path, 'prompts.safetensors'));
    expect(learned(searched.cells[place]!).equals(learned(whole.cells[place]!))).toBe(true);
    // The curves that were cut are the beginnings of the whole ones.
    searched.cells.forEach((cell, i) => {
      const all = validationCurve(whole.cells[i]!.path).points;
      for (const [epoch, accuracy] of validationCurve(cell.path).points) expect(all.get(epoch)).toBe(accuracy);
    });
    expect(bestOf(searched.cells)).toBeGreaterThan(bestOf(whole.cells) - 0.1);
  },
);

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
