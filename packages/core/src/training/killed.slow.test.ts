import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { childModules, type ChildModules } from '../../../../tools/child-modules.js';

const support = fileURLToPath(new URL('killed.test.support.ts', import.meta.url));
const runtime = fileURLToPath(new URL('../../../runtime/src/select-backend.ts', import.meta.url));
let folder = '';
let modules: ChildModules;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'killed-'));
  modules = await childModules(support, runtime);
});
afterAll(async () => {
  modules.remove();
  await rm(folder, { recursive: true });
});

/** Runs the training of killed.test.support.ts in a process of its own, on the best backend. */
function start(runFolder: string): ChildProcess {
  const program = `
    const { selectBackend } = await import('${modules.url(runtime)}');
    const { trainInFolder } = await import('${modules.url(support)}');
    await selectBackend(process.env.PROMPTWEAVE_BACKEND ?? 'auto');
    await trainInFolder(process.argv[1]);
    process.disconnect();`;
  return spawn(process.execPath, ['--input-type=module', '--eval', program, '--', runFolder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

it('ends with the same bits however often and whenever it is killed', { timeout: 180_000 }, async () => {
  const whole = start(join(folder, 'whole'));
  expect(await once(whole, 'exit')).toEqual([0, null]);

  // 128 steps, each of them saved. Every child gets ten steps and some milliseconds, which end anywhere, in a write too.
  const killed = join(folder, 'killed');
  const delays = [0, 2, 5];
  const reached: number[] = [];
  for (const delay of delays) {
    const child = start(killed);
    const exit = once(child, 'exit');
    let steps = 0;
    child.on('message', async (step) => {
      reached.push(step as number);
      steps += 1;
      if (steps !== 10) return;
      await setTimeout(delay);
      child.kill('SIGKILL');
    });
    expect(await exit).toEqual([null, 'SIGKILL']);
  }
  expect(await once(start(killed), 'exit')).toEqual([0, null]);

  expect(Math.max(...reached)).toBeGreaterThan(20); // it did go on from where it was
  const [expected, found] = await Promise.all(
    ['whole', 'killed'].map((name) => readFile(join(folder, name, 'prompts.safetensors'))),
  );
  expect(found!.equals(expected!)).toBe(true);
  expect((await readdir(killed)).sort()).toEqual(['prompts.safetensors', 'resume.safetensors']);
});
