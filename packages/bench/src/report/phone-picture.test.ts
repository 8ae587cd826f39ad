import { expect, it } from 'vitest';
import { draw } from './draw.js';
import { sizeOf } from './fit-width.js';
import { phonePicture } from './phone-picture.js';

const names = ['a method with a name', 'another', 'a third one'];
const values = names.flatMap((name, n) => ['pets', 'cars', 'dtd'].map((data) => ({ name, data, value: 10 * n + 20 })));
const bars = (width: number) => ({
  width,
  height: { step: 13 },
  mark: 'bar' as const,
  encoding: {
    y: { field: 'name', type: 'nominal' as const },
    x: { field: 'value', type: 'quantitative' as const },
    color: { field: 'name', type: 'nominal' as const },
  },
});

it('is as wide as a phone, with panels one below the other, type as on the page, and names of its own', async () => {
  const several = await draw('figures', 'Figures', {
    data: { values },
    facet: { field: 'data', type: 'nominal' },
    columns: 3,
    spec: bars(290),
  });
  const narrow = (await phonePicture(several))!;
  expect(sizeOf(several.svg).width).toBeGreaterThan(900);
  expect(sizeOf(narrow).width).toBeLessThanOrEqual(368);
  expect(sizeOf(narrow).width).toBeGreaterThan(300);
  expect(sizeOf(narrow).height).toBeGreaterThan(1.8 * sizeOf(several.svg).height);
  for (const name of names) expect(narrow).toContain(`>${name}</text>`);
  expect(narrow).toContain('font-size="11.5px"');
  const ids = (svg: string): string[] => [...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  expect(ids(narrow).filter((id) => ids(several.svg).includes(id))).toEqual([]);
});

it('puts pictures beside each other one below the other, and leaves narrow ones as they are', async () => {
  const beside = await draw('cost', 'Cost', { data: { values }, hconcat: [bars(320), bars(320)] });
  expect(sizeOf((await phonePicture(beside))!).width).toBeLessThanOrEqual(368);
  const small = await draw('loss', 'Loss', { data: { values }, ...bars(120) });
  expect(await phonePicture(small)).toBeUndefined();
});
