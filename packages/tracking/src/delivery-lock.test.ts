import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { thisProcess } from '@promptweave/core/experiment';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withDeliveryLock } from './delivery-lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const nothing = (): Promise<void> => Promise.resolve();

it('is held by one at a time, and given back', async () => {
  const inside = async (): Promise<void> => {
    await expect(withDeliveryLock(folder, nothing)).rejects.toThrow(/Another process is delivering/);
  };
  await withDeliveryLock(folder, inside);
  await expect(withDeliveryLock(folder, () => Promise.reject(new Error('no server')))).rejects.toThrow('no server');
  await withDeliveryLock(folder, nothing);
});

it('takes over what a dead process left', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']); // it is dead by now
  writeFileSync(join(folder, 'mlflow.lock.1'), JSON.stringify({ ...thisProcess(), pid }));
  const held = await withDeliveryLock(folder, () =>
    Promise.resolve(readFileSync(join(folder, 'mlflow.lock.2'), 'utf8')),
  );
  expect(JSON.parse(held.split('\n')[0]!)).toEqual(thisProcess());
});

it('waits for a sign of life of another machine, until that or until it is told to stop', async () => {
  const lock = join(folder, 'mlflow.lock.1');
  const elsewhere = JSON.stringify({ ...thisProcess(), host: 'elsewhere' });
  writeFileSync(lock, elsewhere);
  const waiting = withDeliveryLock(folder, nothing);
  setTimeout(() => writeFileSync(lock, `${elsewhere}\n000000000001\n`), 100);
  await expect(waiting).rejects.toThrow(/Another process is delivering/);
});

it('waits no longer than it may', async () => {
  writeFileSync(join(folder, 'mlflow.lock.1'), JSON.stringify({ ...thisProcess(), host: 'elsewhere' }));
  const stop = AbortSignal.timeout(100);
  await expect(withDeliveryLock(folder, nothing, stop)).rejects.toThrow(/timeout/);
});
