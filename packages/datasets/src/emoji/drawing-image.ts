import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ImageItem } from '@promptweave/core';
import type { Drawing } from './drawings.js';
import { renderSvg } from './render.js';

/**
 * A drawing as an image of a data set: a PNG file on white, made when it is first asked for and kept in the user's
 * cache (`PROMPTWEAVE_CACHE`, else `XDG_CACHE_HOME/promptweave`, else `~/.cache/promptweave`; folder `emoji`).
 *
 * @param label class index
 * @param size side in pixels
 */
export function drawingImage(drawing: Drawing, label: number, size: number): ImageItem {
  return {
    id: `emoji/${drawing.id}`,
    label,
    domain: drawing.style.name,
    load: () => loadRendered(drawing.svg(), size),
  };
}

async function loadRendered(svg: string, size: number): Promise<Buffer> {
  const key = createHash('sha256').update(`${size} ${svg}`).digest('hex');
  const file = join(cacheFolder(), 'emoji', key.slice(0, 2), `${key.slice(2, 34)}.png`);
  try {
    return await readFile(file);
  } catch {
    // not there yet
  }
  const png = renderSvg(svg, size).png();
  await mkdir(dirname(file), { recursive: true });
  const part = `${file}.${randomUUID()}`;
  await writeFile(part, png);
  await rename(part, file);
  return png;
}

function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return process.env.PROMPTWEAVE_CACHE ?? join(base, 'promptweave');
}
