import { spawn as spawnProcess, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { PromptweaveError } from '@promptweave/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellFiles, CellFolder } from './cell-folder.js';
import type { EngineRequest, SweepEvent } from './engine.js';
import { processEngine, type Place } from './local-engine.js';
import type { ToWorker } from './worker.js';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'engine-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** A worker process as its parent sees it, without a process. It is lost at cells that are to lose it, once. */
class FakeWorker extends EventEmitter {
  static running: string[] = [];
  static most = 0;
  static order: string[] = [];
  static started = 0;
  /** Cells of each process. */
  static given: string[][] = [];
  connected = true;
  stderr = null;
  private readonly own: string[] = [];

  constructor(private readonly lostAt: Set<string>) {
    super();
    FakeWorker.started += 1;
    FakeWorker.given.push(this.own);
  }

  send(message: ToWorker): boolean {
    void this.receive(message);
    return true;
  }

  private async receive(message: ToWorker): Promise<void> {
    await setImmediate();
    if (message.type !== 'run') return void this.emit('exit', 0, null);
    const { id } = new CellFolder(message.path);
    this.emit('message', { type: 'begin', cell: id });
    FakeWorker.running.push(id);
    FakeWorker.order.push(id);
    this.own.push(id);
    FakeWorker.most = Math.max(FakeWorker.most, FakeWorker.running.length);
    for (let i = 0; i < 5; i++) await setImmediate();
    FakeWorker.running = FakeWorker.running.filter((other) => other !== id);
    if (this.lostAt.delete(id)) return void this.emit('exit', null, 'SIGKILL');
    this.emit('message', { type: 'finish', cell: id });
    this.emit('message', { type: 'idle' });
  }
}

/** A folder of cells that are to compute on these backends. */
function prepare(backends: readonly string[]): { folder: string; cells: CellFolder[] } {
  const folder = mkdtempSync(join(root, 'sweep-'));
  const cells = backends.map((backend, i) => {
    const cell = new CellFolder(join(folder, `cell-${i}`));
    mkdirSync(cell.path);
    const identity = { configuration: '', checkpoint: '', plugins: {} };
    const sweep = { id: 'sweep', name: 'sweep' };
    const described = { format: 1, id: cell.id, values: {}, identity, configurationFolder: '.', backend, sweep };
    writeFileSync(join(cell.path, cellFiles.cell), JSON.stringify(described));
    return cell;
  });
  return { folder, cells };
}

/** Runs cells of these sizes (GiB) with so many jobs and so much memory. */
async function run(
  sizes: readonly number[],
  jobs: number,
  free: number,
  lost: readonly number[] = [],
  backends: readonly string[] = sizes.map(() => 'cpu'),
) {
  Object.assign(FakeWorker, { running: [], most: 0, order: [], started: 0, given: [] });
  const { folder, cells } = prepare(backends);
  const lostAt = new Set(lost.map((i) => `cell-${i}`));
  const events: SweepEvent[] = [];
  const request: EngineRequest = {
    folder,
    cells,
    patience: { retries: 0 },
    estimates: new Map(sizes.map((size, i) => [`cell-${i}`, { seconds: 1, bytes: size * 2 ** 30 }])),
    onEvent: (event) => events.push(event),
  };
  const spawn = (): ChildProcess => new FakeWorker(lostAt) as unknown as ChildProcess;
  const available = (): Promise<number> => Promise.resolve((free * 2 ** 30) / 0.9);
  await processEngine({ jobs, places: [{ spawn, available }] }).run(request);
  const notes = events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
  const { most, order, started, given } = FakeWorker;
  return { cells, notes, most, order, started, given };
}

describe('processEngine', () => {
  it('runs as many cells at once as jobs, in their order, with as many processes', async () => {
    const { most, order, started } = await run([1, 1, 1, 1, 1], 2, 100);
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4].map((i) => `cell-${i}`));
    expect(started).toBe(2);
  });

  it('runs no more cells at once than fit into memory', async () => {
    const { most, order, notes } = await run([6, 6, 6], 3, 10);
    expect(most).toBe(1);
    expect(order).toHaveLength(3);
    expect(notes).toEqual([
      expect.stringMatching(/^Memory: 4\.0 GiB are left, and a waiting cell takes about 6\.0 GiB/),
    ]);
  });

  it('runs a small cell beside a large one, before a large one that would not fit', async () => {
    const { order, most } = await run([7, 7, 2], 2, 10);
    expect(order).toEqual(['cell-0', 'cell-2', 'cell-1']);
    expect(most).toBe(2);
  });

  it('runs a cell alone that is larger than the memory', async () => {
    const { order, most } = await run([20, 1, 20], 2, 10);
    expect(most).toBe(1);
    expect([...order].sort()).toEqual(['cell-0', 'cell-1', 'cell-2']);
  });

  it('records what a lost process had, replaces it, and goes on', async () => {
    const { cells, order, started } = await run([1, 1, 1], 1, 10, [1]);
    expect(order).toHaveLength(3);
    expect(started).toBe(2);
    expect(cells.map((cell) => cell.failures().map(({ kind }) => kind))).toEqual([[], ['lost'], []]);
    expect(cells[1]!.state({ retries: 0 }).status).toBe('waiting'); // not to blame
  });

  it('gives a process cells of one backend alone', async () => {
    const { given } = await run([1, 1, 1, 1, 1], 1, 10, [], ['cpu', 'wasm', 'cpu', 'wasm', 'cpu']);
    expect(given).toEqual([
      ['cell-0', 'cell-2', 'cell-4'],
      ['cell-1', 'cell-3'],
    ]);
    const two = await run([1, 1, 1, 1], 2, 10, [], ['cpu', 'cpu', 'cpu', 'wasm']);
    expect(two.given).toContainEqual(['cell-3']);
    expect(two.order).toHaveLength(4);
  });

  it('divides its workers among places, none of which gets more than it has room for', async () => {
    Object.assign(FakeWorker, { running: [], most: 0, order: [], started: 0, given: [] });
    const { folder, cells } = prepare(Array.from({ length: 9 }, () => 'auto'));
    const at: string[] = [];
    const place = (name: string, free: number): Place => ({
      name,
      spawn: () => (at.push(name), new FakeWorker(new Set()) as unknown as ChildProcess),
      available: () => Promise.resolve((free * 2 ** 30) / 0.9),
    });
    const estimates = new Map(cells.map(({ id }) => [id, { seconds: 1, bytes: 3 * 2 ** 30 }]));
    const notes: SweepEvent[] = [];
    const onEvent = (event: SweepEvent): void => void (event.type === 'note' && notes.push(event));
    const engine = processEngine({ jobs: 6, places: [place('small', 7), place('large', 10)] });
    await engine.run({ folder, cells, patience: { retries: 0 }, estimates, onEvent });
    expect(at).toEqual(['large', 'small', 'large', 'small', 'large']);
    expect(FakeWorker.order).toHaveLength(9);
    expect(notes).toMatchObject([{ message: expect.stringMatching(/^Memory of small: 1\.0 GiB are left/) as string }]);
  });

  it.each([
    [
      'ends before it takes a cell',
      [process.execPath, '-e', 'console.error("no such backend"); process.exitCode = 5'],
      { exitCode: 5, message: /exit code 5\.\n {2}no such backend$/ },
    ],
    ['cannot be started', [join('no', 'such', 'program')], { exitCode: 1, message: /spawn no\/such\/program ENOENT/ }],
  ])('says what is wrong with a process that %s', async (_, [program, ...words], { exitCode, message }) => {
    const { folder, cells } = prepare(['cpu', 'cpu']);
    const options: SpawnOptions = { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] };
    const spawn = (): ChildProcess => spawnProcess(program!, words, options);
    const error: unknown = await processEngine({ jobs: 2, places: [{ spawn }] })
      .run({ folder, cells, patience: { retries: 0 } })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PromptweaveError);
    expect(error).toMatchObject({ exitCode, message: expect.stringMatching(message) as string });
    expect(cells.flatMap((cell) => cell.failures())).toEqual([]);
  });
});
