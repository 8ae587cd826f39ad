import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { TrackingError } from './tracking-error.js';

const LOCK = 'mlflow.lock';
/** Seconds after which a lock of another machine counts as left behind: it is touched at least every 60 s. */
const STALE_SECONDS = 600;
const TOUCH_SECONDS = 60;

/**
 * Delivers a folder's journal alone. A lock that a dead process left is taken over.
 * @throws TrackingError where another process is delivering just now
 */
export async function withDeliveryLock<T>(folder: string, deliver: () => Promise<T>): Promise<T> {
  const path = join(folder, LOCK);
  const holder = JSON.stringify({ host: hostname(), pid: process.pid, id: randomUUID() });
  while (!(await create(path, holder))) {
    if (!(await takeAway(path))) {
      throw new TrackingError('Another process is delivering this journal just now.', {
        where: path,
        remedy: 'Wait until it is done.',
      });
    }
  }
  const touch = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), TOUCH_SECONDS * 1000);
  touch.unref();
  try {
    return await deliver();
  } finally {
    clearInterval(touch);
    if ((await readFile(path, 'utf8').catch(() => '')) === holder) await rm(path, { force: true });
  }
}

async function create(path: string, holder: string): Promise<boolean> {
  try {
    await writeFile(path, holder, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a lock away if nobody holds it. Of several processes that try at once, one succeeds. */
async function takeAway(path: string): Promise<boolean> {
  if (!(await isLeftBehind(path))) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  await rm(aside, { force: true });
  return true;
}

async function isLeftBehind(path: string): Promise<boolean> {
  try {
    const age = (Date.now() - (await stat(path)).mtimeMs) / 1000;
    const { host, pid } = parseHolder(await readFile(path, 'utf8'));
    if (age > STALE_SECONDS) return true;
    if (pid === undefined) return age > 5; // its process died between creating and writing it
    return host === hostname() && !isAlive(pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

function parseHolder(text: string): { host?: string; pid?: number } {
  try {
    return JSON.parse(text) as { host?: string; pid?: number };
  } catch {
    return {};
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
