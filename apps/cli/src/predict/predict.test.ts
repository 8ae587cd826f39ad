import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readSafetensors } from '@promptweave/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openClasses, type Model } from '../index.js';
import { folder, useShapes } from '../testing/shapes.test.support.js';
import { answerWriter } from './answer-lines.js';
import { expandImages } from './expand-images.js';
import { explainImages } from './explain-images.js';
import { npyHeader } from './feature-file.js';
import { readImageList } from './image-list.js';
import { predictImages } from './predict-images.js';

useShapes();

const inbox = join(folder, 'inbox');
const path = (name: string): string => join(inbox, name);
let model: Model;
beforeAll(async () => {
  mkdirSync(join(inbox, 'below'), { recursive: true });
  const circle = readFileSync(join(folder, 'shapes/circle/3.png'));
  await sharp(circle).rotate(0).withMetadata({ orientation: 6 }).jpeg().toFile(path('a.jpeg'));
  await sharp(circle).webp().toFile(path('below/b.WEBP'));
  writeFileSync(path('c.png'), 'no image');
  copyFileSync(join(folder, 'shapes/square/1.png'), path('d, "quoted".png'));
  writeFileSync(path('notes.md'), 'no image either');
  model = await openClasses(['circle', 'square', 'triangle']);
});
afterAll(() => model.close());

describe('words of the command', () => {
  it('are files, folders, patterns and lists, in their order', async () => {
    const { items, notes } = await expandImages([inbox, join(inbox, 'below/*'), path('none.png')], 48);
    const names = ['a.jpeg', 'below/b.WEBP', 'c.png', 'd, "quoted".png', 'below/b.WEBP', 'none.png'];
    expect(items.map(({ id }) => id)).toEqual(names.map(path));
    expect(notes).toEqual([expect.stringContaining('1 file is not called like an image')]);
    await expect(expandImages([join(inbox, '*.gif')], 48)).rejects.toThrow('No file matches');
    const odd = "it's 100% {x} [1]";
    mkdirSync(path(odd));
    copyFileSync(path('a.jpeg'), path(`${odd}/a.jpeg`));
    expect((await expandImages([path(`${odd}/*`)], 48)).items).toMatchObject([{ id: path(`${odd}/a.jpeg`) }]);
    rmSync(path(odd), { recursive: true });
    mkdirSync(path('empty'), { recursive: true });
    expect((await expandImages([path('none[1].png')], 48)).items).toMatchObject([{ id: path('none[1].png') }]);
    await expect(expandImages([path('empty')], 48)).rejects.toThrow('no image');
    const found = (await expandImages([inbox], 48)).items.length;
    const here = relative(process.cwd(), inbox);
    for (const spelt of [`./${here}`, `${here}/`, `${inbox}/.`, `${inbox}/below/..`]) {
      expect((await expandImages([spelt], 48)).items, spelt).toHaveLength(found);
    }
  });

  it.each([
    ['list.csv', 'label;file_name\ncat;a.jpeg\n"d";"below/b.WEBP"\n'],
    ['list.tsv', 'Image\tx\na.jpeg\t1\nbelow/b.WEBP\t2\n'],
    ['list.txt', '\ufeffa.jpeg\r\n\r\nbelow/b.WEBP\r\n'],
    ['bare.csv', 'a.jpeg\nbelow/b.WEBP\n'],
  ])('%s names images as seen from its folder', async (name, text) => {
    writeFileSync(path(name), text);
    expect(await readImageList(path(name))).toEqual([path('a.jpeg'), path('below/b.WEBP')]);
  });

  it('a list without a column of images is refused by its heading', async () => {
    writeFileSync(path('odd.csv'), 'x,y\n1,2\n');
    await expect(readImageList(path('odd.csv'))).rejects.toThrow(/heading is x, y/);
    writeFileSync(path('odd.csv'), 'https://example.org/x.png\n');
    expect(await readImageList(path('odd.csv'))).toEqual(['https://example.org/x.png']);
  });
});

describe('the output', () => {
  const predict = async (out: string, more: object = {}) => {
    const { items } = await expandImages([inbox], 48);
    const format = out.split('.').at(-1) as 'csv' | 'json' | 'jsonl';
    const request = { format, top: 2, score: 'probability', out: join(folder, out), ...more } as const;
    return { outcome: await predictImages(model, items, request), text: readFileSync(join(folder, out), 'utf8') };
  };

  it('has a line for each image, also for one that cannot be read', async () => {
    const { outcome, text } = await predict('answers.csv');
    expect(outcome).toMatchObject({ images: 4, unread: 1 });
    const lines = text.trim().split('\n');
    expect(lines[0]).toBe('image,label,probability,label_2,probability_2,error');
    expect(lines[3]).toMatch(/inbox\/c\.png,,,,,The image cannot be read/);
    expect(lines[4]).toMatch(/d, ""quoted""\.png",\w+,0\.\d+/);
    const rows = JSON.parse((await predict('answers.json')).text) as { answers?: unknown[]; error?: string }[];
    expect(rows.map(({ answers, error }) => answers?.length ?? error)).toEqual([2, 2, expect.any(String), 2]);
    expect(
      (await predict('answers.jsonl')).text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(rows);
  });

  it('says where nothing reaches the threshold', async () => {
    const { text } = await predict('none.csv', { threshold: 1.5 });
    expect(text.split('\n')[1]).toMatch(/a\.jpeg,none of these,,,,$/);
    const writer = answerWriter('text', { top: 1, score: 'logit' });
    expect(writer.line({ image: 'x', answers: [] }, true)).toBe('x: none of these\n');
    expect(writer.line({ image: 'a\nb\u001b[2J', answers: [] }, true)).toBe('a\\x0ab\\x1b[2J: none of these\n');
    expect(writer.line({ image: 'x', answers: [{ label: 'a', probability: 1, logit: 2.5 }] }, true)).toBe(
      'x: a 2.5000\n',
    );
  });

  it('keeps the embeddings, a row of NaN for what cannot be read', async () => {
    const expected = await model.embedImages([path('a.jpeg')]);
    await predict('f.csv', { features: join(folder, 'f.safetensors') });
    const { tensors, metadata } = await readSafetensors(join(folder, 'f.safetensors'));
    const features = tensors.get('features')!;
    expect(features.shape).toEqual([4, model.embedding]);
    expect([...features.data()].slice(0, model.embedding)).toEqual([...expected[0]!]);
    expect(features.data()[2 * model.embedding]).toBeNaN();
    expect(JSON.parse(metadata['images']!)).toHaveLength(4);
    await predict('f.csv', { features: join(folder, 'f.npy') });
    const npy = readFileSync(join(folder, 'f.npy'));
    expect(npy.length).toBe(npyHeader([4, model.embedding]).length + 16 * model.embedding);
    await expect(predict('f.csv', { features: 'f.txt' })).rejects.toThrow(/\.npy or \.safetensors/);
  });

  it.each(['json', 'jsonl', 'csv'])('is whole where it is stopped, as are the embeddings: %s', async (format) => {
    const controller = new AbortController();
    const onProgress = (done: number): void => void (done === 2 && controller.abort());
    const features = join(folder, 'stopped.npy');
    const more = { batch: 1, signal: controller.signal, onProgress, features };
    const { outcome, text } = await predict(`stopped.${format}`, more);
    expect(outcome).toMatchObject({ images: 3, stopped: true }); // the third cannot be read, which needs no batch
    const lines = format === 'json' ? (JSON.parse(text) as unknown[]) : text.trim().split('\n');
    expect(lines).toHaveLength(format === 'csv' ? 4 : 3);
    expect(text.endsWith('\n')).toBe(true);
    const head = npyHeader([3, model.embedding], npyHeader([4, model.embedding]).length);
    expect(readFileSync(features).subarray(0, head.length).equals(head)).toBe(true);
    expect(readFileSync(features)).toHaveLength(head.length + 12 * model.embedding);
    const tensors = join(folder, 'stopped.safetensors');
    await predict(`stopped.${format}`, { ...more, features: tensors, signal: AbortSignal.abort() });
    expect((await readSafetensors(tensors)).tensors.get('features')!.shape).toEqual([0, model.embedding]);
  });

  it('writes the header that NumPy writes', () => {
    // np.save(file, np.zeros((4, 128), 'float32')): its first 128 bytes
    const text = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (4, 128), }";
    expect(npyHeader([4, 128]).toString('latin1')).toBe(`${text.padEnd(127)}\n`);
  });
});

it('explains where an image mattered: what is covered there takes from its class', async () => {
  const square =
    '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><rect x="56" y="56" width="30" height="30" fill="#d22"/></svg>';
  await sharp(Buffer.from(square)).flatten({ background: '#fff' }).png().toFile(path('corner.png'));
  const classes = await openClasses(['red square', 'empty white page']);
  const { label, heat, cells } = await classes.explain(path('corner.png'));
  expect(label).toBe('red square');
  const largest = heat.indexOf(Math.max(...heat));
  expect(Math.floor(largest / cells)).toBeGreaterThanOrEqual(cells / 2);
  expect(largest % cells).toBeGreaterThanOrEqual(cells / 2);
  const { items } = await expandImages([path('corner.png'), path('c.png')], 48);
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await explainImages(classes, items, join(folder, 'why'), {});
  expect(await sharp(join(folder, 'why/corner.png')).metadata()).toMatchObject({
    width: 448,
    height: 448,
    format: 'png',
  });
  expect(existsSync(join(folder, 'why/c.png'))).toBe(false);
  await classes.close();
});

it('other classes than those of the training are told apart where the parts can', async () => {
  await expect(openClasses(['cat'])).rejects.toThrow(/fewer than two/);
  await expect(openClasses(['cat', 'cat'])).rejects.toThrow(/twice/);
  await expect(openClasses(['cat', 'cat '])).rejects.toThrow(/one and the same/);
});
