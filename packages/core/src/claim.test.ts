import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimantOf, claimOrWait, thisProcess, tryClaim } from './claim.js';

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

describe('of another host', () => {
  const elsewhere = { ...thisProcess(), host: 'elsewhere' };
  const path = (): string => join(folder, 'claim.1');
  const watch = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) {
      vi.advanceTimersByTime(1000);
      claimantOf(folder);
    }
  };
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout', 'setInterval', 'clearInterval'] }));
  afterEach(() => vi.useRealTimers());

  it.each([-3600, 0, 3600])('is taken over after three minutes of silence, its clock %i s off', (skew) => {
    writeFileSync(path(), JSON.stringify(elsewhere));
    const then = Date.now() / 1000 + skew;
    utimesSync(path(), then, then);
    watch(170);
    expect(tryClaim(folder)).toBeUndefined();
    watch(15);
    expect(tryClaim(folder)).toBeDefined();
  });

  it('holds as long as it gives signs of life, whatever its clock says', () => {
    const stopped = new Date(0);
    for (let beat = 0; beat < 40; beat++) {
      writeFileSync(path(), `${JSON.stringify(elsewhere)}\n${beat}\n`);
      utimesSync(path(), stopped, stopped); // a file server whose clock stands still
      watch(15);
      expect(tryClaim(folder)).toBeUndefined();
    }
  });

  it('holds for an observer that stood still itself', () => {
    writeFileSync(path(), JSON.stringify(elsewhere));
    expect(tryClaim(folder)).toBeUndefined();
    vi.advanceTimersByTime(3_600_000);
    expect(tryClaim(folder)).toBeUndefined();
  });

  it.each(['{"pid":', '[]', '{"pid":"x"}'])('is what a claim that cannot be read counts as: %s', (text) => {
    writeFileSync(path(), text);
    expect(tryClaim(folder)).toBeUndefined();
    watch(185);
    expect(tryClaim(folder)).toBeDefined();
  });
});

it('gives signs of life by its content, and says when it was overtaken', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const claim = tryClaim(folder)!;
  const path = join(folder, 'claim.1');
  const contents = [readFileSync(path, 'utf8')];
  for (let beat = 0; beat < 3; beat++) {
    vi.advanceTimersByTime(15_000);
    contents.push(readFileSync(path, 'utf8'));
  }
  vi.useRealTimers();
  expect(new Set(contents).size).toBe(4);
  for (const text of contents) expect(JSON.parse(text.split('\n')[0]!)).toEqual(thisProcess());
  expect(claim.isHeld()).toBe(true);
  writeFileSync(join(folder, 'claim.2'), JSON.stringify({ ...thisProcess(), host: 'elsewhere' }));
  expect(claim.isHeld()).toBe(false);
  claim.release();
  expect(claimantOf(folder)?.host).toBe('elsewhere');
});

it('is told apart by name', () => {
  expect(tryClaim(folder)).toBeDefined();
  expect(tryClaim(folder, 'delivery')).toBeDefined();
  expect(tryClaim(folder, 'delivery')).toBeUndefined();
});

it('is waited for until a process of another host gives a sign of life', async () => {
  const path = join(folder, 'claim.1');
  const elsewhere = JSON.stringify({ ...thisProcess(), host: 'elsewhere' });
  writeFileSync(path, elsewhere);
  const claim = claimOrWait(folder);
  setTimeout(() => writeFileSync(path, `${elsewhere}\n1\n`), 200);
  expect(await claim).toBeUndefined();
  await expect(claimOrWait(mkdtempSync(join(folder, 'x-')))).resolves.toBeDefined();
});
