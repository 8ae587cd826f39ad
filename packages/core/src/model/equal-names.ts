import type { Dataset } from '../contracts/dataset.js';
import type { Tokenizer } from '../contracts/tokenizer.js';
import { DatasetError } from '../errors.js';
import { nameTokens } from './template-tokens.js';

/** Pairs of classes whose names are the same tokens, so that no text can tell them apart: each with the first one like it. */
export function equalNames(tokenizer: Tokenizer, classNames: readonly string[]): (readonly [string, string])[] {
  const seen = new Map<string, string>();
  return nameTokens(tokenizer, classNames).flatMap((ids, c) => {
    const key = ids.join(' ');
    const twin = seen.get(key);
    if (twin === undefined) seen.set(key, classNames[c]!);
    return twin === undefined ? [] : [[twin, classNames[c]!] as const];
  });
}

/**
 * Refuses classes that the tokenizer cannot tell apart: two spellings of é, `&` and `&amp;`, one space and two. The lists of the
 * benchmarks stay as they are (ImageNet's has two classes "sunglasses"), for published numbers come from them.
 * @returns what to say about such a list
 * @throws DatasetError naming every pair
 */
export function checkNames(
  tokenizer: Tokenizer,
  { name, classNames, imagePolicy }: Pick<Dataset, 'name' | 'classNames'> & Partial<Pick<Dataset, 'imagePolicy'>>,
): string | undefined {
  const pairs = equalNames(tokenizer, classNames);
  if (pairs.length === 0) return undefined;
  const named = pairs.map(([first, second]) => `${spelled(first)} and ${spelled(second)}`).join(', ');
  const message = `Classes have names that are one and the same to the tokenizer: ${named}.`;
  if (imagePolicy === 'reference') return `${message} The list of ${name} is used as it is.`;
  throw new DatasetError(message, {
    where: name,
    remedy: 'Give each class words of its own, or put the images of both into one class.',
  });
}

/** A name in quotes; signs beyond ASCII as their code points besides, for two spellings can look the same. */
function spelled(name: string): string {
  const codes = [...name]
    .filter((sign) => sign > '~')
    .map((sign) => `U+${sign.codePointAt(0)!.toString(16).padStart(4, '0')}`);
  return JSON.stringify(name) + (codes.length > 0 ? ` (${codes.join(' ')})` : '');
}
