import { expect, it } from 'vitest';
import type { Tokenizer } from '../contracts/tokenizer.js';
import { checkNames, equalNames } from './equal-names.js';
import { nameTokens } from './template-tokens.js';

/** Cleans as CLIP does, as far as these names go; every letter is a token. */
const tokenizer: Tokenizer = {
  startId: 0,
  endId: 1e6,
  encode: (text) =>
    [...text.normalize('NFKC').replace('&amp;', '&').replaceAll(/\s+/g, ' ').trim().toLowerCase()].map((sign) =>
      sign.codePointAt(0)!,
    ),
  decode: String,
};
const custom = (classNames: string[]) => ({ name: 'photos', classNames, imagePolicy: 'custom' }) as const;

it.each([
  ['two forms of é', ['caf\u00e9', 'cafe\u0301', 'tea']],
  ['entities', ['Rock & Roll', 'Rock &amp; Roll']],
  ['spaces', ['red  fox', 'red fox']],
  ['underscores', ['red_fox', 'red fox']],
  ['widths', ['\uff43\uff41\uff52', 'car']],
  ['case', ['Apple', 'apple']],
])('refuses classes that the tokenizer takes for one: %s', (_, names) => {
  expect(equalNames(tokenizer, names)).toEqual([[names[0], names[1]]]);
  expect(() => checkNames(tokenizer, custom(names))).toThrow('one and the same to the tokenizer');
});

it('names every pair, and the code points of signs that look the same', () => {
  expect(() => checkNames(tokenizer, custom(['a', 'A', 'caf\u00e9', 'cafe\u0301']))).toThrow(
    '"a" and "A", "caf\u00e9" (U+00e9) and "cafe\u0301" (U+0301)',
  );
});

it('takes the lists of benchmarks as they are, and says so', () => {
  const imagenet = { name: 'imagenet', classNames: ['sunglasses', 'sunglasses'], imagePolicy: 'reference' } as const;
  expect(checkNames(tokenizer, imagenet)).toContain(
    '"sunglasses" and "sunglasses". The list of imagenet is used as it is.',
  );
  expect(checkNames(tokenizer, custom(['cat', 'dog']))).toBeUndefined();
});

it('refuses names that are the same only once they are cut', () => {
  expect(() => nameTokens(tokenizer, ['cat', 'car'], 2)).toThrow('"cat" and "car" are the same');
  expect(nameTokens(tokenizer, ['sun', 'sun'], 2)).toHaveLength(2); // were the same before
});
