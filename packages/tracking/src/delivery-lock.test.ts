import { spawnSync } from 'node:child_process';
import type * as fs from 'node:fs/promises';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { withDeliveryLock } from './delivery-lock.js';

const { beforeRename } = vi.hoisted(() => ({ beforeRename: { act: () => {} } }));
vi.mock('node:fs/promises', async (original) => {
  const promises = await original<typeof fs>();
  return {
    ...promises,
    rename: async (from: string, to: string) => {
      beforeRename.act();
      await promises.rename(from, to);
    },
  };
});

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lock-'));
  path = join(folder, 'mlflow.lock');
  const { pid } = spawnSync(process.execPath, ['--version']); // it is dead by now
  writeFileSync(path, JSON.stringify({ host: hostname(), pid, id: 'old' }));
});
afterEach(() => {
  beforeRename.act = () => {};
  rmSync(folder, { recursive: true });
});

it('takes over what a dead process left', async () => {
  expect(await withDeliveryLock(folder, () => Promise.resolve(readdirSync(folder)))).toEqual(['mlflow.lock']);
  expect(readdirSync(folder)).toEqual([]);
});

it('leaves the lock of a process that took it over in the same moment', async () => {
  const fresh = JSON.stringify({ host: hostname(), pid: process.ppid, id: 'fresh' });
  beforeRename.act = () => writeFileSync(path, fresh);
  await expect(withDeliveryLock(folder, () => Promise.resolve())).rejects.toThrow(/Another process is delivering/);
  expect(readFileSync(path, 'utf8')).toBe(fresh);
  expect(readdirSync(folder)).toEqual(['mlflow.lock']);
});
