import { planSweep, readSearch } from '@promptweave/bench';
import { loadRegistry, sourceFromValue } from '@promptweave/core/experiment';
import { expect, it } from 'vitest';
import { checkSearch } from './check-search.js';

async function check(search: object, grid: object, train: object = { evaluateEvery: 1 }): Promise<void> {
  const registry = await loadRegistry(undefined, import.meta.url);
  const source = sourceFromValue({ dataset: 'emoji-weather', train, search, grid });
  checkSearch(readSearch(source)!, await planSweep({ source, registry, folder: '.', overrides: [] }), {});
}
const tpe = { sampler: 'tpe', budget: { cells: 4 } };

it('refuses tpe over data sets and numbers of shots, which it would compare, and names them', async () => {
  const both = { 'dataset.use': ['emoji-weather', 'emoji-plants'], 'train.learningRate': [0.1, 0.2] };
  await expect(check(tpe, both)).rejects.toThrow('not to be compared: emoji-weather; emoji-plants');
  await expect(check(tpe, { 'dataset.shots': [1, 2] })).rejects.toThrow('not to be compared: 1; 2');
  await expect(check({}, both)).resolves.toBeUndefined();
  await expect(check(tpe, { 'train.learningRate': [0.1, 0.2], seed: [1, 2] })).resolves.toBeUndefined();
});

it('refuses what test images would choose', async () => {
  const train = { evaluateEvery: 1, evaluateOn: 'test' };
  await expect(check({}, { seed: [1] }, train)).rejects.toThrow(/cannot be searched: train\.evaluateOn is test/);
});
