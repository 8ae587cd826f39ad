import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claimantOf, thisProcess, tryClaim } from './claim.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'claim-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is held by one, given back, and counted on', () => {
  const claim = tryClaim(folder);
  expect(claim).toBeDefined();
  expect(tryClaim(folder)).toBeUndefined();
  expect(claimantOf(folder)?.pid).toBe(process.pid);
  claim!.release();
  expect(claimantOf(folder)).toBeUndefined();
  tryClaim(folder)!.release();
  expect(readdirSync(folder)).toEqual(['claim.2']);
});

it('is not kept by a process that is dead', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const started = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ')[19]!;
  writeFileSync(join(folder, 'claim.1'), JSON.stringify({ ...thisProcess(), pid: child.pid, started }));
  expect(tryClaim(folder)).toBeUndefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(tryClaim(folder)).toBeDefined();
});

it('is not kept by another process with the same id', () => {
  writeFileSync(join(folder, 'claim.1'), JSON.stringify({ ...thisProcess(), started: '12' }));
  expect(tryClaim(folder)).toBeDefined();
});

it('of another host holds as long as it gives signs of life', () => {
  const path = join(folder, 'claim.1');
  writeFileSync(path, JSON.stringify({ ...thisProcess(), host: 'elsewhere' }));
  expect(tryClaim(folder)).toBeUndefined();
  const silent = Date.now() / 1000 - 200;
  utimesSync(path, silent, silent);
  expect(tryClaim(folder)).toBeDefined();
});
