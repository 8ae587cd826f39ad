import { expect, it } from 'vitest';
import { z } from 'zod';
import { fakePlugins } from '../config/fake-plugins.test.fixture.js';
import type { Plugin } from './define-plugin.js';
import { describeOptions } from './describe-options.js';

const rows = (name: string) =>
  describeOptions(fakePlugins.find((plugin) => plugin.name === name)!).map(
    ({ name, type, required, ...option }) =>
      `${name}: ${type}${required ? ', required' : ''}; ${JSON.stringify(option.default)}; ${option.description}`,
  );

it('describes every option with type, range, default and meaning', () => {
  expect(rows('comma')).toEqual([
    'depth: whole number, 1 to 12; 9; J, blocks.',
    'contextLength: whole number, at least 1; 2; n, tokens.',
    'variant: paper | released; "paper"; Paper or release.',
    'generator.reduction: number, above 1; 4; Width over bottleneck.',
  ]);
  expect(rows('folder')).toEqual([
    'path: text, required; undefined; Folder.',
    'split: list; [50,20,30]; Percent of images.',
  ]);
  expect(rows('lamm/hierarchical')).toEqual([
    'temperature: number, above 0; 2; T.',
    'detached: true | false | target; false; Where no gradient flows.',
  ]);
  expect(rows('emoji/animals')).toEqual([]);
});

it('describes options within choices and within entries of any name', () => {
  const average = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('mean').describe('Mean.'), from: z.int().describe('First.') }),
    z.strictObject({ kind: z.literal('decay').describe('Decay.'), from: z.int().describe('First.') }),
  ]);
  const axis = z.union([z.array(z.unknown()), z.strictObject({ values: z.array(z.unknown()) })]).describe('An axis.');
  const options = z.object({ average }).catchall(axis);
  const found = describeOptions({ options } as unknown as Plugin);
  expect(found.map(({ name, type, description }) => `${name}: ${type}; ${description}`)).toEqual([
    'average: mapping; ',
    'average.kind: mean | decay; Mean. Decay.',
    'average.from: whole number; First.',
    'PATH: list | mapping; An axis.',
    'PATH.values: list; ',
  ]);
});
