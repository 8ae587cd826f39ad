import { fileURLToPath } from 'node:url';
import type * as core from '@promptweave/core';
import { afterEach, expect, it, vi } from 'vitest';
import { reportError } from './report-error.js';

afterEach(() => void vi.restoreAllMocks());

/** Errors of another copy of core, as a plugin that brings one of its own throws them. */
const copy = new URL('../../../../packages/core/src/errors.ts?copy', import.meta.url).href;
const theirs = (await import(/* @vite-ignore */ copy)) as typeof core;

it.each(['EACCES', 'EROFS', 'ENOSPC', 'ENOENT', 'EISDIR'])(
  'a file that the system refuses (%s) is no bug of ours, unless it is our own',
  async (code) => {
    const lines: string[] = [];
    vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
    const refused = (path: string) => Object.assign(new Error(`${code}: …`), { code, path, syscall: 'open' });
    expect(await reportError(refused('/elsewhere/out.csv'), false)).toBe(2);
    expect(lines[0]).toMatch(/^ConfigError: The system refuses to open \/elsewhere\/out\.csv: /);
    expect(lines.join()).not.toMatch(/bug|at /);
    expect(await reportError(refused(fileURLToPath(new URL('nothing.js', import.meta.url))), false)).toBe(70);
  },
);

it.each([
  ['ConfigError', 2],
  ['CheckpointError', 3],
  ['DatasetError', 4],
  ['BackendError', 5],
  ['TrainingError', 6],
] as const)('a %s of another copy of core is the error of a user, with the exit code %i', async (kind, code) => {
  const lines: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((line: string) => void lines.push(line));
  const { PromptweaveError } = await import('@promptweave/core');
  expect(Object.getPrototypeOf(theirs.PromptweaveError)).toBe(Error);
  expect(theirs.PromptweaveError).not.toBe(PromptweaveError);
  expect(await reportError(new theirs[kind]('It is wrong.', { where: 'there', remedy: 'Mend it.' }), false)).toBe(code);
  expect(lines).toEqual([`${kind}: It is wrong.`, '  where: there', '  to do: Mend it.']);
});
