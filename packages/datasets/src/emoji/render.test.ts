import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawingImage } from './drawing-image.js';
import { readDrawings } from './drawings.js';
import { renderSvg } from './render.js';
import { emojiStyles } from './split.js';

const square = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path fill="#f00" d="M0 0h2v4h-2z"/></svg>';
const wide = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 2"><path fill="#00f" d="M0 0h4v2h-4z"/></svg>';

describe('renderSvg', () => {
  it('draws on white at the size asked for', () => {
    const { pixels } = renderSvg(square, 8);
    expect(pixels.length).toBe(8 * 8 * 4);
    expect([...pixels.subarray(0, 4)]).toEqual([255, 0, 0, 255]);
    expect([...pixels.subarray(7 * 4, 8 * 4)]).toEqual([255, 255, 255, 255]);
  });

  it('centres what is not square', () => {
    const { pixels } = renderSvg(wide, 8);
    const at = (x: number, y: number): number[] => [...pixels.subarray((y * 8 + x) * 4, (y * 8 + x) * 4 + 3)];
    expect([at(0, 0), at(0, 1), at(0, 2), at(7, 5), at(7, 6)]).toEqual([
      [255, 255, 255],
      [255, 255, 255],
      [0, 0, 255],
      [0, 0, 255],
      [255, 255, 255],
    ]);
  });

  it('refuses what is not SVG', () => {
    expect(() => renderSvg('<html>', 8)).toThrow(expect.objectContaining({ name: 'DatasetError' }));
  });
});

describe('an image of a drawing', () => {
  let folder: string;
  const before = process.env.PROMPTWEAVE_CACHE;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'emoji-'));
    process.env.PROMPTWEAVE_CACHE = folder;
  });
  afterAll(async () => {
    if (before === undefined) delete process.env.PROMPTWEAVE_CACHE;
    else process.env.PROMPTWEAVE_CACHE = before;
    await rm(folder, { recursive: true });
  });

  it('is a PNG file of the size asked for, drawn once and then read from the cache', async () => {
    const style = emojiStyles.find((candidate) => candidate.name === 'emojione');
    const drawing = style && readDrawings(style).find((candidate) => candidate.emoji.label === 'tiger face');
    if (drawing === undefined) throw new Error('emojione has no tiger face');
    const first = await drawingImage(drawing, 3, 40).load();
    expect(await sharp(first).metadata()).toMatchObject({ format: 'png', width: 40, height: 40 });
    const files = await readdir(join(folder, 'emoji'), { recursive: true });
    expect(files.filter((file) => file.endsWith('.png'))).toHaveLength(1);
    const [file = ''] = files.filter((name) => name.endsWith('.png'));
    const mark = Buffer.from('from the cache');
    await writeFile(join(folder, 'emoji', file), mark);
    expect((await drawingImage(drawing, 3, 40).load()).equals(mark)).toBe(true);
    const larger = await drawingImage(drawing, 3, 41).load();
    expect(await sharp(larger).metadata()).toMatchObject({ width: 41 });
  });

  it('is drawn each time where the cache cannot be written', async () => {
    const [drawing] = readDrawings(emojiStyles.find(({ name }) => name === 'openmoji')!);
    await writeFile(join(folder, 'no-folder'), '');
    process.env.PROMPTWEAVE_CACHE = join(folder, 'no-folder');
    try {
      expect(await sharp(await drawingImage(drawing, 0, 40).load()).metadata()).toMatchObject({ width: 40 });
    } finally {
      process.env.PROMPTWEAVE_CACHE = folder;
    }
  });
});
