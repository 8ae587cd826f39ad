import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { SignsOfLife, type Life } from './signs-of-life.js';

/** Who works on something. */
export interface Claimant {
  readonly pid: number;
  /** Machine, its boot and its process-id space: where `pid` means something. */
  readonly host: string;
  /** When the process started, as the system tells it: a later process with the same id is another one. */
  readonly started: string;
}

/** A folder that is this process's to work on. */
export interface Claim {
  /** False where another process took it over, because this one stood still for so long. */
  isHeld(): boolean;
  release(): void;
}

/** Seconds between two signs of life, and after how many without one a process on another host counts as dead. */
const HEARTBEAT = 15;
const SILENCE = 180;
/** Digits of the counter in a claim's second line, which is the sign of life. */
const DIGITS = 12;
/** What files of claims are called where nothing else is said. */
const NAME = 'claim';
/** Milliseconds between two looks of a patient process. */
const LOOK = 1000;

const life = new SignsOfLife(SILENCE);

/**
 * Takes a folder, which is there: a cell of a sweep, or a group of results that are computed once. Returns undefined where a living process
 * has it, this one included.
 *
 * Claims are files `claim.N`; the highest N counts. Who takes over from a dead process creates the next number, which only one can;
 * nothing that another may hold is ever removed. So no two processes hold a folder, whoever dies when. A process of this host is dead when
 * the system knows it no more; one of another host when this process has watched its counter for three minutes without a change, whatever
 * the clocks of both say.
 *
 * @param name of the files, where a folder is claimed for several purposes
 */
export function tryClaim(folder: string, name = NAME): Claim | undefined {
  const own = join(folder, `.claim-${randomUUID()}`);
  const claimant = JSON.stringify(thisProcess());
  writeFileSync(own, `${claimant}\n${counter(0)}\n`);
  try {
    const highest = highestClaim(folder, name);
    if (highest > 0 && lifeOf(folder, name) !== 'dead') return undefined;
    const mine = highest + 1;
    const path = join(folder, `${name}.${mine}`);
    if (!linked(own, path)) return undefined;
    const isHeld = (): boolean => existsSync(path) && highestClaim(folder, name) === mine;
    if (!isHeld()) {
      rmSync(path, { force: true }); // this process slept while others came and went
      return undefined;
    }
    for (const number of claims(folder, name)) if (number < mine) remove(join(folder, `${name}.${number}`));
    let beats = 0;
    const beat = setInterval(() => beatOnce(path, Buffer.byteLength(claimant) + 1, ++beats), HEARTBEAT * 1000);
    beat.unref();
    return {
      isHeld,
      release: () => {
        clearInterval(beat);
        if (isHeld()) writeFileSync(path, ''); // nobody's; the number stays, for others may have seen it
      },
    };
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * As `tryClaim`, but waits where a process of another host has the folder until it is known whether that one lives: one sign of life, or
 * three minutes without.
 * @throws the signal's reason where it is raised
 */
export async function claimOrWait(folder: string, name = NAME, signal?: AbortSignal): Promise<Claim | undefined> {
  for (;;) {
    const claim = tryClaim(folder, name);
    if (claim || lifeOf(folder, name) === 'alive') return claim;
    await setTimeout(LOOK, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

/** The process that has a folder: one that is not known to be dead, or the last one that did not give it back. */
export function claimantOf(folder: string, which: 'alive' | 'dead or alive' = 'alive'): Claimant | undefined {
  const highest = highestClaim(folder, NAME);
  if (highest === 0) return undefined;
  return which === 'dead or alive' || lifeOf(folder, NAME) !== 'dead'
    ? readClaim(join(folder, `${NAME}.${highest}`))?.claimant
    : undefined;
}

let self: Claimant | undefined;

/** This process. */
export function thisProcess(): Claimant {
  return (self ??= { pid: process.pid, host: hostIdentity(), started: startOf(process.pid) ?? '' });
}

function claims(folder: string, name: string): number[] {
  return readdirSync(folder).flatMap((file) => {
    const number = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : '';
    return /^\d+$/.test(number) ? Number(number) : [];
  });
}

function highestClaim(folder: string, name: string): number {
  return Math.max(0, ...claims(folder, name));
}

function counter(beats: number): string {
  return String(beats).padStart(DIGITS, '0');
}

function remove(path: string): void {
  rmSync(path, { force: true, recursive: true }); // whatever stands there: it is no claim any more
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** A sign of life. Where the file system does not take it just now, the next one will do. */
function beatOnce(path: string, position: number, beats: number): void {
  let file: number | undefined;
  try {
    file = openSync(path, 'r+'); // never made anew, nor cut: whoever reads meanwhile sees the claimant
    writeSync(file, counter(beats), position);
  } catch {
    // a folder that is gone, or a file server that does not answer, must not end the process
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Whether the holder of a folder lives, as far as this process knows; one that gave it back, or is gone, counts as dead. */
export function lifeOf(folder: string, name = NAME): Life {
  const path = join(folder, `${name}.${highestClaim(folder, name)}`);
  const claim = readClaim(path);
  if (!claim) return 'dead';
  const { claimant, sign } = claim;
  if (claimant.host === hostIdentity()) return startOf(claimant.pid) === claimant.started ? 'alive' : 'dead';
  return life.look(resolve(folder, name), `${path} ${sign}`);
}

/** A claim's holder and its present sign of life; undefined where the claim was given back, or is gone. */
function readClaim(path: string): { readonly claimant: Claimant; readonly sign: string } | undefined {
  let text: string;
  let time: number;
  try {
    text = readFileSync(path, 'utf8');
    time = statSync(path).mtimeMs; // of claims without a counter, which their holders only touch
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code !== 'EISDIR') throw error;
    return { claimant: UNKNOWN, sign: '' };
  }
  return text === '' ? undefined : { claimant: parseClaimant(text), sign: `${time} ${text}` };
}

/** The holder of a claim that nobody can read: it is watched as one of another host is. */
const UNKNOWN: Claimant = { pid: 0, host: 'unknown', started: '' };

function parseClaimant(text: string): Claimant {
  try {
    const { pid, host, started } = JSON.parse(text.split('\n')[0]!) as Partial<Claimant>;
    const isWhole = typeof pid === 'number' && typeof host === 'string' && typeof started === 'string';
    return isWhole ? { pid, host, started } : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

let identity: string | undefined;

function hostIdentity(): string {
  if (identity !== undefined) return identity;
  const parts = [hostname()];
  if (process.platform === 'linux') {
    parts.push(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid'));
  }
  return (identity = parts.join(' '));
}

/** When a process started, in the system's own terms; undefined where there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      // The command's name, in brackets, may hold anything; after it, the start is the 20th field.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    }
    if (process.platform === 'win32') {
      process.kill(pid, 0);
      return 'running'; // there is no cheap way to the start time; an id is rarely used again within a sweep
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined; // no such process
  }
}
