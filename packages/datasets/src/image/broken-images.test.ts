import { readdirSync, readFileSync } from 'node:fs';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { readDrawings } from '../emoji/drawings.js';
import { emojiStyles } from '../emoji/split.js';
import { createDataPipeline } from '../pipeline/data-pipeline.js';
import { createPythonRandom, type PythonRandom } from '../sampling/python-random.js';
import { decodeImage } from './decode.js';
import type { ImagePolicy } from './image-policy.js';
import type { RgbImage } from './rgb-image.js';

const folder = new URL('../../fixtures/images/', import.meta.url);
const style = emojiStyles.find(({ name }) => name === 'openmoji')!;
/** 30 whole files: JPEG, PNG, WebP, GIF and TIFF as Pillow wrote them, and drawings. */
const whole: [name: string, file: Buffer][] = [
  ...readdirSync(folder).map((name): [string, Buffer] => [name, readFileSync(new URL(name, folder))]),
  ...readDrawings(style).map(({ id, svg }): [string, Buffer] => [`${id}.svg`, Buffer.from(svg())]),
].slice(0, 30);

/** Ways in which files break on disks and on the way there. */
const damages: Record<string, (file: Buffer, random: PythonRandom) => Buffer> = {
  'cut short': (file, random) => file.subarray(0, random.below(file.length)),
  'bytes changed': (file, random) => {
    const broken = Buffer.from(file);
    for (let i = 0; i < 1 + file.length / 100; i++) broken[random.below(file.length)] = random.below(256);
    return broken;
  },
  'a block of zeros': (file, random) => Buffer.from(file).fill(0, random.below(file.length)),
  'a block lost': (file, random) => {
    const from = random.below(file.length);
    return Buffer.concat([file.subarray(0, from), file.subarray(from + 1 + random.below(file.length))]);
  },
  'the beginning lost': (file, random) => file.subarray(1 + random.below(file.length)),
};

/** The image, or the error that names it. */
async function outcome(file: Buffer, policy: ImagePolicy, name: string): Promise<RgbImage | DatasetError> {
  try {
    return await decodeImage(file, policy, name);
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    return error;
  }
}

describe('broken images', () => {
  it('are 30 real files that can be read before they are broken', async () => {
    expect(whole).toHaveLength(30);
    for (const [name, file] of whole) expect(await outcome(file, 'custom', name), name).not.toBeInstanceOf(Error);
  });

  it.each(Object.entries(damages))(
    '%s: an image of its own size, or a DatasetError that names it',
    async (_, damage) => {
      const random = createPythonRandom(7);
      let refused = 0;
      for (const [name, file] of whole) {
        for (const policy of ['reference', 'custom', 'reference', 'custom'] as const) {
          const found = await outcome(damage(file, random), policy, name);
          if (found instanceof DatasetError) {
            refused += 1;
            expect(found.where).toBe(name);
            expect(found.remedy).toBeTruthy();
          } else expect(found.data).toHaveLength(found.width * found.height * 3);
        }
      }
      // Damage that leaves a valid file of other pixels cannot be told; most of it does not.
      expect(refused).toBeGreaterThan(whole.length);
    },
  );

  it('are skipped on request, and every other image keeps its own label', async () => {
    const random = createPythonRandom(3);
    const items = whole.map(([name, file], label): ImageItem => {
      const broken = label % 3 === 0 ? Buffer.alloc(random.below(2) * 40) : file;
      return { id: name, label, load: () => Promise.resolve(broken) };
    });
    const skipped: string[] = [];
    const pipeline = createDataPipeline({ onSkip: ({ id }) => skipped.push(id) });
    const geometry = { resize: 'shortest', interpolation: 'bicubic', size: 8 } as const;
    const preprocessing = { ...geometry, mean: [0, 0, 0], std: [1, 1, 1] };
    const pass = { items, batchSize: 8, preprocessing, seed: 1, epoch: 0 };
    const flags = { policy: 'custom', augment: false, shuffle: true, dropLast: false, onBadImage: 'skip' } as const;
    const labels = new Map<string, number>();
    for await (const batch of pipeline.batches({ ...pass, ...flags })) {
      batch.items.forEach(({ id }, i) => labels.set(id, batch.labels[i]!));
    }
    const expected = whole.flatMap(([name], label) => (label % 3 === 0 ? [] : [[name, label] as const]));
    expect([...labels].sort()).toEqual([...expected].sort());
    expect(skipped.sort()).toEqual(whole.flatMap(([name], i) => (i % 3 === 0 ? [name] : [])).sort());
  });

  it.each([
    ['100000', '100000'],
    ['1', '100000000'],
    ['1e-9', '1e-9'],
    ['0', '5'],
  ])('a drawing of %s × %s is refused before it takes all memory', async (width, height) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="9" height="9"/></svg>`;
    await expect(decodeImage(Buffer.from(svg), 'custom', 'x.svg')).rejects.toThrow(DatasetError);
  });
});
