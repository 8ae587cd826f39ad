import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CheckpointError } from '@promptweave/core';
import { runFiles, stageFolders } from '@promptweave/core/experiment';
import { z } from 'zod';
import { fileWithin } from './within-folder.js';

/** Tag of a version: SHA-256 of its last file of learned parts. */
export const LEARNED_TAG = 'promptweave.learned';
/** Tag of a version: the SHA-256 of each of its files, by its path, as JSON. Versions before this one do not have it. */
export const FILES_TAG = 'promptweave.files';
/** Tag of a version: how the ONNX file that MLflow predicts with is stored. Versions without one do not have it. */
export const ONNX_TAG = 'promptweave.onnx';

/** Bytes that a file of a model may have. */
const LONGEST: Readonly<Record<string, number>> = { [runFiles.configuration]: 16 * 2 ** 20 };
const LONGEST_LEARNED = 2 ** 29;

/** Every file that a model may consist of: of one training, or of both. */
export const modelPaths: readonly string[] = ['', stageFolders.first, stageFolders.second].flatMap((training) =>
  [runFiles.configuration, runFiles.learned].map((name) => posix.join(training, name)),
);

const digests = z.partialRecord(z.enum(modelPaths as [string, ...string[]]), z.string().regex(/^[0-9a-f]{64}$/));

/** The files of a run that a model consists of, read. @throws CheckpointError where one is missing; TrackingError where it is a link that leads out */
export async function readModelFiles(folder: string, trainings: readonly string[]): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const training of trainings) {
    for (const name of [runFiles.configuration, runFiles.learned]) {
      const path = posix.join(training, name);
      const found = await fileWithin(folder, path);
      if (!found) {
        const remedy = 'Name the folder that promptweave train or promptweave import wrote.';
        throw new CheckpointError(`There is no ${path} in the folder.`, { where: folder, remedy });
      }
      files.set(path, await readFile(found.file));
    }
  }
  return files;
}

/** The value of the tag for these files. */
export function filesTag(files: ReadonlyMap<string, Buffer>): string {
  const entries = [...files].map(([path, content]) => [path, sha256(content)] as const);
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The digests in a tag, or undefined where it says nothing that can be. */
export function readFilesTag(tag: string): Readonly<Record<string, string>> | undefined {
  try {
    const read = digests.parse(JSON.parse(tag)) as Record<string, string>;
    return Object.keys(read).length > 0 ? read : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes that a file of a model may have at most. */
export function longestFile(path: string): number {
  return LONGEST[posix.basename(path)] ?? LONGEST_LEARNED;
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
