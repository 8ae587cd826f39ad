import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  linkSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

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
  release(): void;
}

/** Seconds between two signs of life, and after how many without one a process on another host counts as dead. */
const HEARTBEAT = 15;
const SILENCE = 180;

/**
 * Claims are files `claim.N`; the highest N counts. Who takes over from a dead process creates the next number, which only one can;
 * nothing that another may hold is ever removed. So no two processes hold a folder, whoever dies when.
 */
const pattern = /^claim\.(\d+)$/;

/**
 * Takes a folder, which is there: a cell of a sweep, or a group of results that are computed once. Returns undefined where a living process
 * has it, this one included.
 */
export function tryClaim(folder: string): Claim | undefined {
  const own = join(folder, `.claim-${randomUUID()}`);
  writeFileSync(own, JSON.stringify(thisProcess()));
  try {
    const highest = highestClaim(folder);
    if (highest > 0 && isAlive(join(folder, `claim.${highest}`), statSync(own).mtimeMs)) return undefined;
    const mine = highest + 1;
    const path = join(folder, `claim.${mine}`);
    if (!linked(own, path)) return undefined;
    if (highestClaim(folder) !== mine) {
      rmSync(path, { force: true }); // this process slept while others came and went
      return undefined;
    }
    for (const number of claims(folder)) if (number < mine) rmSync(join(folder, `claim.${number}`), { force: true });
    const beat = setInterval(() => beatOnce(path), HEARTBEAT * 1000);
    beat.unref();
    return {
      release: () => {
        clearInterval(beat);
        writeFileSync(path, ''); // nobody's; the number stays, for others may have seen it
      },
    };
  } finally {
    rmSync(own, { force: true });
  }
}

/** The process that has a folder: a living one, or the last one that did not give it back. */
export function claimantOf(folder: string, which: 'alive' | 'dead or alive' = 'alive'): Claimant | undefined {
  const highest = highestClaim(folder);
  if (highest === 0) return undefined;
  const path = join(folder, `claim.${highest}`);
  return which === 'dead or alive' || isAlive(path, Date.now()) ? readClaimant(path) : undefined;
}

let self: Claimant | undefined;

/** This process. */
export function thisProcess(): Claimant {
  return (self ??= { pid: process.pid, host: hostIdentity(), started: startOf(process.pid) ?? '' });
}

function claims(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => Number(pattern.exec(name)?.[1] ?? []));
}

function highestClaim(folder: string): number {
  return Math.max(0, ...claims(folder));
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
function beatOnce(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // a folder that is gone, or a file server that does not answer, must not end the process
  }
}

/** @param now the file system's idea of the present, milliseconds */
function isAlive(path: string, now: number): boolean {
  const claimant = readClaimant(path);
  if (!claimant) return false;
  if (claimant.host !== hostIdentity()) return now - statSync(path).mtimeMs < SILENCE * 1000;
  return startOf(claimant.pid) === claimant.started;
}

/** Undefined where the claim was given back, or is gone. */
function readClaimant(path: string): Claimant | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return text === '' ? undefined : (JSON.parse(text) as Claimant);
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
