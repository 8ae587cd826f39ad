import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { childModules, type ChildModules } from '../../../tools/child-modules.js';
import { FakeMlflow, type Fate } from './fake-mlflow.test.support.js';
import { clientFor } from './recording.test.support.js';
import { syncJournal } from './sync-journal.js';

const support = fileURLToPath(new URL('recording.test.support.ts', import.meta.url));

let modules: ChildModules;
beforeAll(async () => {
  modules = await childModules(support);
});
afterAll(() => modules.remove());

let folder: string;
let server: FakeMlflow;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tracking-killed-'));
  server = await new FakeMlflow().start();
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** Runs `recordUntilKilled` in a process of its own. */
function start(from: number, steps: number): ChildProcess {
  const program = `
    const { recordUntilKilled } = await import('${modules.url(support)}');
    const [folder, uri, from, steps] = process.argv.slice(1);
    await recordUntilKilled(folder, uri, Number(from), Number(steps));
    process.disconnect();`;
  const words = ['--input-type=module', '--eval', program, '--', folder, server.uri, String(from), String(steps)];
  return spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

it('delivers everything once, however often the process is killed between writing and delivering', async () => {
  // Each child dies at a request: before the server acts, or when it has acted and the child does not know it yet.
  const deaths: [endpoint: string, fate: Fate][] = [
    ['runs/create', 'lost answer'],
    ['runs/log-batch', 'reset'],
    ['runs/log-batch', 'lost answer'],
    ['runs/log-batch', 'lost answer'],
    ['metrics/get-history', 'reset'],
  ];
  let reached = 0;
  for (const [endpoint, fate] of deaths) {
    // The child goes on two steps back, as from a checkpoint.
    const child = start(Math.max(1, reached - 2), Infinity);
    child.on('message', (step) => (reached = Math.max(reached, step as number)));
    let requests = 0;
    server.fate = async (asked, body) => {
      if (asked !== endpoint || child.killed) return child.killed ? 'hang' : 'ok';
      if (endpoint === 'runs/log-batch' && (!body.includes('"metrics"') || ++requests < 2)) return 'ok';
      child.kill('SIGKILL');
      await once(child, 'exit');
      return fate;
    };
    const [code, signal] = await once(child, 'exit');
    expect([code, signal]).toEqual([null, 'SIGKILL']);
  }
  server.fate = () => 'ok';
  const steps = reached + 20;
  const last = start(Math.max(1, reached - 2), steps);
  expect(await once(last, 'exit')).toEqual([0, null]);
  await syncJournal(folder, clientFor(server.uri));

  const [run, ...others] = server.tagged('promptweave.run', 'killed');
  expect(others).toEqual([]);
  expect(server.tagged('promptweave.run', 'sweep-1')).toHaveLength(1);
  expect(run!.status).toBe('FINISHED');
  for (const key of ['loss', 'accuracy']) {
    const delivered = run!.metrics.filter((metric) => metric.key === key).map(({ step }) => step);
    expect(delivered.sort((a, b) => a - b)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
  }
}, 180_000);
