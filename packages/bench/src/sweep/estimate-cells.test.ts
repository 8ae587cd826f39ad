import { definePlugin, type Backbone, type StepShape } from '@promptweave/core';
import { Registry } from '@promptweave/core/experiment';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { tinyEnvironment, tinyRegistry, tinyResolve } from '../tiny.test.support.js';
import { corrected, estimateCells, type EstimatedCell } from './estimate-cells.js';

const cellOf = (id: string, seed: number, epochs: number, took?: number): EstimatedCell => {
  const configuration = tinyResolve({ seed, prompt: 'context', train: { epochs, batch: 4 } });
  return { id, cell: `seed=${seed}`, configuration, ...(took !== undefined && { took }) };
};

/** The tiny parts, with a backbone that knows its work: a million operations an image and text, a terabyte. Tells what it was asked. */
function countingEnvironment() {
  const asked: StepShape[] = [];
  let made = 0;
  const entries = tinyRegistry().entries.filter(({ module }) => module === 'tiny');
  const tiny = entries.find(({ plugin }) => plugin.kind === 'backbone')!;
  const counting = definePlugin({
    kind: 'backbone',
    name: 'tiny',
    description: 'Knows its work.',
    options: z.strictObject({}),
    create: async (context): Promise<Backbone> => {
      made += 1;
      if (tiny.plugin.kind !== 'backbone') throw new Error('no backbone');
      const backbone = await tiny.plugin.create(context, {});
      const work: Backbone['work'] = (shape) => {
        asked.push(shape);
        const flops = shape.batch * 1e6;
        const kept = { textRows: 1, visionRows: 1, textBytes: 1e12, visionBytes: 0, passingBytes: 0, chunks: 1 };
        return { ...kept, textFlops: shape.textPasses * flops, visionFlops: flops };
      };
      return { ...backbone, work };
    },
  });
  const others = entries.filter((entry) => entry !== tiny);
  const registry = new Registry([...others, { plugin: counting, module: 'tiny', version: '1' }]);
  const { close, ...environment } = tinyEnvironment();
  return { environment: { ...environment, registry }, close, asked, made: () => made };
}

it('counts cells of equal cost once, and expects twice the time of twice the training', async () => {
  const { environment, close, asked, made } = countingEnvironment();
  const one = await estimateCells([cellOf('a', 1, 400)], environment, '.');
  const shapes = asked.length;
  const { cells, problems } = await estimateCells(
    [cellOf('a', 1, 400), cellOf('b', 2, 400), cellOf('c', 1, 800)],
    environment,
    '.',
  );
  await close();
  expect(problems).toEqual([]);
  expect(Object.keys(one.cells)).toEqual(['a']);
  expect(cells['b']).toEqual(cells['a']);
  expect(cells['c']!.seconds / cells['a']!.seconds).toBeGreaterThan(1.8);
  expect(cells['c']!.seconds / cells['a']!.seconds).toBeLessThan(2.2);
  expect(cells['a']!.bytes).toBeGreaterThan(1e12);
  expect(cells['a']!.bytes).toBeLessThan(1.1e12);
  expect(asked.length - shapes).toBeLessThan(2 * shapes); // two kinds of cells, and one look at the machine
  expect(made()).toBe(1);
});

it('says why there is no estimate, once', async () => {
  const { close, ...environment } = tinyEnvironment();
  const estimate = await estimateCells([cellOf('a', 1, 2), cellOf('b', 1, 3)], environment, '.');
  await close();
  expect(estimate.cells).toEqual({});
  expect(estimate.problems).toEqual([expect.stringContaining('does not tell what a step costs')]);
});

it('believes cells that are finished more than the count', () => {
  const cells = [cellOf('a', 1, 10, 30), cellOf('b', 2, 10, 50), cellOf('c', 3, 10), cellOf('d', 1, 20)];
  const seconds = corrected(cells, ({ id }) => (id === 'd' ? 16 : 10));
  expect(seconds(cells[2]!)).toBe(40); // the mean of those of equal cost
  expect(seconds(cells[3]!)).toBe(16 * 5); // the count, times what others took for each counted second
});
