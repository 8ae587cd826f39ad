import { expect, it } from 'vitest';
import { shortTexts } from './short-text.js';

it('parts are told apart by what they differ in', () => {
  const sets = ['emoji-plants', 'emoji-weather'].map((use) => ({ use, size: 48, split: 'val' }));
  expect(shortTexts(sets, 'dataset')).toEqual([
    'emoji-plants on validation images',
    'emoji-weather on validation images',
  ]);
  expect(shortTexts([{ ...sets[0], size: 64 }, sets[0]], 'dataset')).toEqual([
    'emoji-plants on validation images size=64',
    'emoji-plants on validation images size=48',
  ]);
  expect(shortTexts([sets[0]], 'dataset')).toEqual(['emoji-plants on validation images size=48']);
  expect(shortTexts([{ use: 'maple', depth: 3 }, { use: 'maple' }, 'coop'], 'prompt')).toEqual(['maple depth=3', 'maple', 'coop']); // oxfmt-ignore
  const folders = [2, 4].map((shots) => ({ use: 'folder', path: '/data/birds', shots }));
  expect(shortTexts(folders, 'dataset')).toEqual(['birds shots=2', 'birds shots=4']);
});
