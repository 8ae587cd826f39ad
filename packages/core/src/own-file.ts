import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { z } from 'zod';
import { describeIssue } from './config/describe-issue.js';
import { errorMark, PromptweaveError } from './errors.js';

/** A file that this program wrote and that is no longer as it was written. */
export class DamagedFileError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('DamagedFileError');
  override readonly exitCode = 3;

  /** @param problem end of a sentence that begins with the file */
  constructor(
    path: string,
    readonly problem: string,
    cause?: unknown,
  ) {
    super(`The file ${basename(path)} is damaged: ${problem}.`, {
      where: path,
      remedy: 'Run what wrote it again: it writes what is damaged anew, and keeps the rest.',
      cause,
    });
  }
}

/**
 * The text of a file that this program wrote; undefined where there is none.
 * @throws DamagedFileError where something else stands there, or it cannot be read
 */
export function readOwnText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new DamagedFileError(path, code === 'EISDIR' ? 'a folder stands in its place' : message, cause);
  }
}

/**
 * The JSON of a file that this program wrote; undefined where there is none.
 * @throws DamagedFileError where it is empty, cut off, of another form, or cannot be read
 */
export function readOwnJson<T>(path: string, schema: z.ZodType<T>): T | undefined {
  const text = readOwnText(path);
  return text === undefined ? undefined : parseOwnJson(text, schema, path);
}

/** The same for a text that was read before; @param path names it in the error */
export function parseOwnJson<T>(text: string, schema: z.ZodType<T>, path: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DamagedFileError(path, text.trim() === '' ? 'it is empty' : 'it is no whole JSON', cause);
  }
  const outcome = schema.safeParse(value, { error: describeIssue, reportInput: true });
  if (outcome.success) return outcome.data;
  const [{ path: at, message }] = outcome.error.issues as [z.core.$ZodIssue];
  throw new DamagedFileError(path, [at.map(String).join('.'), message].filter(Boolean).join(': '));
}

/** Writes a file as a whole; a folder in its place is put aside. */
export function replaceOwn(path: string, text: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) putAside(path);
  writeFileAtomic.sync(path, text);
}

/** Renames what stands where one of our files belongs, so that nothing of it is lost. */
export function putAside(path: string): void {
  renameSync(path, `${path}.damaged-${randomUUID().slice(0, 8)}`);
}
