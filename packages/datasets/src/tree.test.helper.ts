import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll } from 'vitest';
import { writeTree as writeFiles } from './testing/write-tree.js';

/** A tiny PNG whose red value tells images apart. */
export function picture(red: number): Promise<Buffer> {
  return sharp({ create: { width: 6, height: 5, channels: 3, background: { r: red, g: 100, b: 200 } } })
    .png()
    .toBuffer();
}

/** Writes files under a new folder. */
export type WriteTree = (files: Record<string, string | Buffer>) => Promise<string>;

/** For a test file: writes files under new folders, which go when the file is done. */
export function useTrees(): WriteTree {
  const created: string[] = [];
  afterAll(() => Promise.all(created.map((root) => rm(root, { recursive: true, force: true }))));
  return async (files) => {
    const root = await mkdtemp(join(tmpdir(), 'datasets-'));
    created.push(root);
    await writeFiles(root, files);
    return root;
  };
}
