import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MlflowClient } from '@promptweave/mlflow-js-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeMlflow } from './fake-mlflow.test.support.js';
import { MlflowTracker } from './mlflow-tracker.js';
import { clientFor, startOf } from './recording.test.support.js';
import { syncJournal } from './sync-journal.js';
import { tags, uniqueRun } from './unique-run.js';

let server: FakeMlflow;
let client: MlflowClient;
beforeEach(async () => {
  server = await new FakeMlflow().start();
  client = clientFor(server.uri);
});
afterEach(() => server.stop());

const active = (id: string): string[] => server.tagged(tags.run, id).map((run) => run.id);
const isDeleted = (id: string): boolean => server.runs.find((run) => run.id === id)!.deleted;

class Died extends Error {}

/** Two processes whose calls take turns as a test says, one call after the other. */
class Turns {
  private readonly gates = new Map<string, () => void>();
  private readonly running = new Set<string>();
  private arrived: () => void = () => undefined;

  /** @param clock what a process takes for the time @param calls after so many it dies */
  async process(name: string, id: string, clock: number, calls = Infinity): Promise<string | undefined> {
    this.running.add(name);
    let left = calls;
    const turn = async (): Promise<void> => {
      if (left-- === 0) throw new Died();
      await new Promise<void>((go) => {
        this.gates.set(name, go);
        this.arrived();
      });
    };
    const { runs } = client;
    const inTurn = {
      runs: {
        search: async function* (...request: Parameters<typeof runs.search>) {
          await turn();
          yield* runs.search(...request);
        },
        create: async (request: Parameters<typeof runs.create>[0]) => {
          await turn();
          return runs.create({ ...request, tags: { ...request.tags, [tags.created]: String(clock) } });
        },
        delete: async (...request: Parameters<typeof runs.delete>) => {
          await turn();
          await runs.delete(...request);
        },
        setTag: async (...request: Parameters<typeof runs.setTag>) => {
          await turn();
          await runs.setTag(...request);
        },
      },
    } as unknown as MlflowClient;
    try {
      return (await uniqueRun(inTurn, id, { experimentId: '1' }, {})).run.info.runId;
    } catch (error) {
      if (error instanceof Died) return undefined;
      throw error;
    } finally {
      this.running.delete(name);
      this.arrived();
    }
  }

  /** Lets one call happen at a time, of the process that the schedule names or, where that has ended, of the other one. */
  async follow(schedule: string): Promise<void> {
    for (let i = 0; this.running.size > 0; i++) {
      while ([...this.running].some((name) => !this.gates.has(name))) {
        await new Promise<void>((done) => (this.arrived = done));
      }
      const [any] = this.running;
      if (any === undefined) return;
      const wanted = schedule[i % schedule.length]!;
      const name = this.running.has(wanted) ? wanted : any;
      const go = this.gates.get(name)!;
      this.gates.delete(name);
      go();
    }
  }
}

/** All ways in which the calls of two processes may follow each other. */
function schedules(a: number, b: number): string[] {
  if (a === 0 || b === 0) return ['A'.repeat(a) + 'B'.repeat(b)];
  return [...schedules(a - 1, b).map((rest) => `A${rest}`), ...schedules(a, b - 1).map((rest) => `B${rest}`)];
}

describe('processes that create one run at once', () => {
  it.each([
    ['the clock of one is ahead', 1, 2],
    ['their clocks agree', 1, 1],
  ])('leave one, however their calls follow each other, where %s', { timeout: 60_000 }, async (_, a, b) => {
    for (const schedule of schedules(5, 5)) {
      const turns = new Turns();
      const runs = Promise.all([turns.process('A', schedule, a), turns.process('B', schedule, b)]);
      await turns.follow(schedule);
      const left = active(schedule);
      expect(left, schedule).toHaveLength(1);
      // Whoever had taken another one is told so by its next write.
      for (const run of await runs) expect(run === left[0] || isDeleted(run!), schedule).toBe(true);
    }
  });

  it('agree on one where one of them dies on the way', { timeout: 60_000 }, async () => {
    for (const calls of [1, 2, 3, 4]) {
      for (const schedule of schedules(calls, 5)) {
        for (const [a, b] of [
          [1, 2],
          [2, 1],
        ] as const) {
          const id = `${schedule} ${calls} ${a}`;
          const turns = new Turns();
          const [, survivor] = [turns.process('A', id, a, calls), turns.process('B', id, b)];
          await turns.follow(schedule);
          const later = (await uniqueRun(client, id, { experimentId: '1' }, {})).run.info.runId;
          expect(isDeleted(later), id).toBe(false);
          const found = (await survivor)!;
          expect(found === later || isDeleted(found), id).toBe(true);
        }
      }
    }
  });
});

it('a run that gives way to another one just after it was found has everything there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'unique-'));
  const tracker = new MlflowTracker({ folder });
  tracker.record(startOf('a'));
  tracker.record({ type: 'metrics', step: 1, values: { loss: 1 } });
  await tracker.close();
  server.fate = (endpoint, body) => {
    const own = server.tagged(tags.run, 'a')[0];
    if (endpoint === 'runs/log-batch' && own && own.id !== 'other' && body.includes(own.id)) {
      own.deleted = true;
      server.runs.push({ ...own, id: 'other', deleted: false, params: {}, metrics: [], artifacts: {} });
    }
    return 'ok';
  };
  expect(await syncJournal(folder, client)).toMatchObject({ runId: 'other', refused: [] });
  const [run, ...more] = server.tagged(tags.run, 'a');
  expect(more).toEqual([]);
  expect(run!.metrics.map(({ step }) => step)).toEqual([1]);
  rmSync(folder, { recursive: true });
});

it('a run moves below the parent that is left where its own gave way', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parent-'));
  const tracker = new MlflowTracker({ folder });
  tracker.record(startOf('a'));
  tracker.record({ type: 'end', status: 'finished' });
  await tracker.close();
  server.fate = (endpoint) => {
    const [parent] = server.tagged(tags.run, 'sweep-1');
    if (endpoint === 'runs/log-batch' && parent && parent.id !== 'other') {
      parent.deleted = true;
      server.runs.push({ ...parent, id: 'other', deleted: false });
    }
    return 'ok';
  };
  await syncJournal(folder, client);
  expect(server.tagged('mlflow.parentRunId', 'other')).toHaveLength(1);
  rmSync(folder, { recursive: true });
});
