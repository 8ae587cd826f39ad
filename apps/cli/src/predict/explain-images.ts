import { mkdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { fileName } from '@promptweave/core/experiment';
import sharp from 'sharp';
import type { Explanation } from '../library/explain.js';
import type { Model } from '../library/model.js';

/** Side of the pictures in pixels. */
const SIDE = 448;

/** Writes a picture for each image that can be read: the image as the model sees it, the parts that made it this class in red. */
export async function explainImages(
  model: Model,
  items: readonly ImageItem[],
  folder: string,
  { signal }: { readonly signal?: AbortSignal },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const taken = new Set<string>();
  for (const item of items) {
    try {
      const explanation = await model.explain(item, { signal });
      const file = join(folder, freeName(item.id, taken));
      await sharp(await heatPicture(explanation)).toFile(file);
      const { label, probability } = explanation;
      console.error(`${item.id}: ${label} ${(100 * probability).toFixed(1)} %, see ${file}`);
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error; // its line said so before
    }
  }
}

/** The image as a PNG with the heat over it: red where covering takes from the class, blue where it adds, stronger for more. */
export async function heatPicture({ heat, cells, pixels, size }: Explanation): Promise<Buffer> {
  const largest = heat.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
  const colours = Uint8Array.from({ length: 4 * cells * cells }, (_, i) => {
    const value = heat[Math.floor(i / 4)]! / largest;
    return [value > 0 ? 230 : 0, 0, value > 0 ? 0 : 230, Math.round(170 * Math.abs(value))][i % 4]!;
  });
  const over = await sharp(colours, { raw: { width: cells, height: cells, channels: 4 } })
    .resize(SIDE, SIDE, { kernel: 'cubic' })
    .png()
    .toBuffer();
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .resize(SIDE, SIDE, { kernel: 'cubic' })
    .composite([{ input: over }])
    .png()
    .toBuffer();
}

/** `photos/dog 1.jpg` → `dog-1.png`, with a number where that is taken. */
function freeName(id: string, taken: Set<string>): string {
  const stem = fileName(basename(id, extname(id))) || 'image';
  for (let i = 1; ; i++) {
    const name = `${stem}${i === 1 ? '' : `-${i}`}.png`;
    if (taken.has(name)) continue;
    taken.add(name);
    return name;
  }
}
