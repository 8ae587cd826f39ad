import { expect, it } from 'vitest';
import { nearestName } from './nearest-name.js';

it.each([
  ['contextLenght', 'contextLength'],
  ['context_length', 'contextLength'],
  ['ContextLength', 'contextLength'],
  ['bacth', 'batch'],
  ['sed', 'seed'],
  ['epoch', 'epochs'],
  ['zebra', undefined],
  ['', undefined],
])('%s is meant to be %s', (written, meant) => {
  expect(nearestName(written, ['batch', 'contextLength', 'epochs', 'seed'])).toBe(meant);
});
