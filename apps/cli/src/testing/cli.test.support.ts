import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** What the tests of a file see of the command line. */
export interface CommandLine {
  /** A folder of the running test alone; the cache is within. */
  folder: string;
  /** Lines on standard output. */
  out: string[];
  /** Lines on standard error. */
  told: string[];
}

/** A command line for each test of a file. */
export function commandLine(): CommandLine {
  const line: CommandLine = { folder: '', out: [], told: [] };
  beforeEach(() => {
    Object.assign(line, { folder: mkdtempSync(join(tmpdir(), 'cli-')), out: [], told: [] });
    vi.stubEnv('PROMPTWEAVE_CACHE', join(line.folder, 'cache'));
    vi.spyOn(console, 'log').mockImplementation((text: string) => void line.out.push(text));
    vi.spyOn(console, 'error').mockImplementation((text: string) => void line.told.push(text));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    rmSync(line.folder, { recursive: true });
  });
  return line;
}
