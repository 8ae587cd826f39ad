import * as tf from '@tensorflow/tfjs-core';
import { expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { Backbone } from '../contracts/backbone.js';
import type { Loss } from '../contracts/loss.js';
import type { PromptLearner } from '../contracts/parts.js';
import { checkPlugin } from './check-plugin.js';
import { contractsVersion } from './contracts-version.js';
import { definePlugin, type LossPlugin, type Plugin, type SourceContext } from './define-plugin.js';

const hum = definePlugin({
  kind: 'loss',
  name: 'hum',
  description: 'A hum.',
  options: z.strictObject({
    volume: z.number().default(3).describe('Loudness, dB.'),
    tune: z.enum(['low', 'high']).optional().describe('Tune.'),
  }),
  create: (_, { volume }): Loss => ({
    name: 'hum',
    needs: {},
    terms: () => [{ name: 'hum', value: tf.scalar(volume), weight: 1 }],
    dispose: () => undefined,
  }),
});
const step = undefined as never;
type HumOptions = { volume: number; tune?: 'low' | 'high' | undefined };

it('keeps the types of the options', () => {
  expectTypeOf<Parameters<typeof hum.create>[1]>().toEqualTypeOf<HumOptions>();
  expectTypeOf(hum.create).returns.toEqualTypeOf<Loss>();
  expectTypeOf<z.output<typeof hum.options>>().toEqualTypeOf<HumOptions>();
  expectTypeOf(hum.kind).toEqualTypeOf<'loss'>();
  // @ts-expect-error there is no such option
  expect(() => hum.create(undefined as never, { loudness: 3 })).not.toThrow();
});

it('gives a plugin like any other', () => {
  const plugins: Plugin[] = [hum];
  expectTypeOf(hum).toExtend<LossPlugin>();
  expectTypeOf(hum).toExtend<Plugin>();
  expect(plugins.map(checkPlugin)).toEqual([undefined]);
});

it('lets another plugin be made of one, with its options', () => {
  const twice = definePlugin({
    ...hum,
    name: 'hum/twice',
    create: (context, options) => {
      expectTypeOf(options).toEqualTypeOf<HumOptions>();
      const inner = hum.create(context, options);
      return { ...inner, terms: (step) => [...inner.terms(step), ...inner.terms(step)] };
    },
  });
  expectTypeOf(twice).toEqualTypeOf<typeof hum>();
  expect(twice).toMatchObject({ kind: 'loss', name: 'hum/twice', description: 'A hum.', options: hum.options });
  const values = twice.create(undefined as never, { volume: 2 }).terms(step);
  expect(values.map(({ value }) => value.dataSync()[0])).toEqual([2, 2]);
  tf.dispose(values.map(({ value }) => value));
});

it('lets another plugin be made of one with further options', () => {
  const options = hum.options.extend({ times: z.int().default(2).describe('How often.') });
  const often = definePlugin({
    ...hum,
    options,
    name: 'hum/often',
    create: (context, { times, ...inner }) => {
      expectTypeOf(times).toEqualTypeOf<number>();
      return hum.create(context, { ...inner, volume: inner.volume * times });
    },
  });
  expectTypeOf<Parameters<typeof often.create>[1]>().toExtend<HumOptions & { times: number }>();
  const [term] = often.create(undefined as never, { volume: 2, times: 3 }).terms(step);
  expect(term!.value.dataSync()[0]).toBe(6);
  term!.value.dispose();
});

it('keeps the types of every kind', () => {
  const options = z.strictObject({ path: z.string() });
  type Options = { path: string };
  const fail = (...given: unknown[]): never => {
    throw new Error(`not made: ${given.length}`);
  };
  const base = { name: 'x', description: 'X.', options } as const;
  const properties = { promptsVision: false, dependsOnImage: false, novelClasses: 'swap' } as const;
  const backbone = definePlugin({ ...base, kind: 'backbone', create: (context, { path }) => fail(path, context) });
  const prompt = definePlugin({ ...base, kind: 'prompt', create: fail, properties: () => properties });
  const protocol = definePlugin({
    ...base,
    kind: 'protocol',
    evaluations: fail,
    summary: () => ({}),
    trainsOn: 'all',
    testsNovelClasses: false,
  });
  expectTypeOf(backbone.create).parameters.toEqualTypeOf<[SourceContext, Options]>();
  expectTypeOf(backbone.create).returns.toEqualTypeOf<Promise<Backbone>>();
  expectTypeOf(prompt.create).returns.toEqualTypeOf<PromptLearner>();
  expectTypeOf(prompt.properties).parameters.toEqualTypeOf<[Options]>();
  expectTypeOf<Parameters<typeof protocol.evaluations>[1]>().toEqualTypeOf<Options>();
  const plugins: Plugin[] = [backbone, prompt, protocol];
  expect(plugins.map(checkPlugin)).toEqual([undefined, undefined, undefined]);
});

it('notes the version of the contracts, and leaves one that is there', () => {
  expect(hum.contracts).toBe(contractsVersion);
  expect(definePlugin({ ...hum, contracts: '7.1' }).contracts).toBe('7.1');
  expect(definePlugin(Object.freeze({ ...hum, contracts: undefined })).contracts).toBe(contractsVersion);
});

it('takes a plugin that is an instance of a class as it is', () => {
  class Drum implements LossPlugin {
    readonly kind = 'loss';
    readonly name = 'drum';
    readonly description = 'A drum.';
    readonly options = z.strictObject({});
    readonly #sticks = 2;
    create(): Loss {
      return {
        ...hum.create(undefined as never, { volume: 1 }),
        terms: () => [{ name: 'drum', value: tf.scalar(this.#sticks), weight: 1 }],
      };
    }
  }
  const drum = definePlugin(new Drum());
  expect(checkPlugin(drum)).toBeUndefined();
  expect(drum.contracts).toBe(contractsVersion);
  expect(typeof drum.create(undefined as never, {}).terms).toBe('function');
});
