import { InvalidArgumentError } from 'commander';

/** Parses an option that takes one of a few words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (value: string) => Word {
  return (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined)
      throw new InvalidArgumentError(`Expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`);
    return word;
  };
}

/** Parses an option that takes a whole number of at least 1. */
export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return number;
}

/** Reads an option that may be given several times: all of its values. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
