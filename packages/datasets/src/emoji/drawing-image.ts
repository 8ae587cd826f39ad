import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { keepInUserCache, userCachePath, type ImageItem } from '@promptweave/core';
import type { Drawing } from './drawings.js';
import { renderSvg } from './render.js';

/**
 * A drawing as an image of a data set: a PNG file on white, made when it is first asked for and kept in the user's
 * cache (folder `emoji`).
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
  const file = userCachePath('emoji', key.slice(0, 2), `${key.slice(2, 34)}.png`);
  try {
    return readFileSync(file); // two kilobytes: to wait for another thread takes longer than to read them
  } catch {
    // not there yet
  }
  const png = renderSvg(svg, size).png();
  await keepInUserCache(file, png);
  return png;
}
