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

/** Writes files under a new folder that goes when the test file is done. */
export async function writeTree(files: Record<string, string | Buffer>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'datasets-'));
  created.push(root);
  await writeFiles(root, files);
  return root;
}

const created: string[] = [];
afterAll(async () => {
  await Promise.all(created.map((root) => rm(root, { recursive: true, force: true })));
});
