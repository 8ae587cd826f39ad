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
  const found = await unlessGone(look(path));
  if (!found) return true;
  if (!isLeftBehind(found)) return false;
  const aside = `${path}.${randomUUID()}`;
  const taken = await unlessGone(rename(path, aside).then(() => look(aside)));
  if (!taken) return true;
  // In between, another process may have taken the old lock away and made its own.
  const isOld = taken.text === found.text && taken.changed === found.changed;
  if (!isOld) await create(path, taken.text);
  await rm(aside, { force: true });
  return isOld;
}

/** What a lock says, and when it was last touched, milliseconds since 1970. */
interface Lock {
  readonly text: string;
  readonly changed: number;
}

async function look(path: string): Promise<Lock> {
  return { changed: (await stat(path)).mtimeMs, text: await readFile(path, 'utf8') };
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isLeftBehind({ text, changed }: Lock): boolean {
  const age = (Date.now() - changed) / 1000;
  const { host, pid } = parseHolder(text);
  if (age > STALE_SECONDS) return true;
  if (pid === undefined) return age > 5; // its process died between creating and writing it
  return host === hostname() && !isAlive(pid);
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
