import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';

/** Memory in bytes. */
export interface MemoryReport {
  readonly total: number;
  /** What can be had without swapping. */
  readonly available: number;
  /** The container's limit (cgroup), where there is one below the machine's memory. */
  readonly containerLimit?: number;
}

/** The machine's memory, as far as this process may use it. */
export async function memoryReport(): Promise<MemoryReport> {
  const total = totalmem();
  const [limit, used, machine] = await Promise.all([
    cgroupNumber('max', 'limit'),
    cgroupNumber('current', 'usage'),
    availableMemory(),
  ]);
  const contained = limit !== undefined && limit < total;
  const available = contained ? Math.min(machine, limit - (used ?? 0)) : machine;
  return { total, available, ...(contained && { containerLimit: limit }) };
}

/** Linux counts what caches would give back as available; elsewhere the free memory has to do. */
async function availableMemory(): Promise<number> {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(await readIfThere('/proc/meminfo'))?.[1];
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
}

/** A number of the memory controller: of version 2 of cgroups, else of version 1; `undefined` without one or where it says `max`. */
async function cgroupNumber(version2: string, version1: string): Promise<number | undefined> {
  const text =
    (await readIfThere(`/sys/fs/cgroup/memory.${version2}`)) ||
    (await readIfThere(`/sys/fs/cgroup/memory/memory.${version1}_in_bytes`));
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? undefined : value;
}

async function readIfThere(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
