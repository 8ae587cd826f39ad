import { isAbsolute } from 'node:path';
import { datasetName } from '../benchmark/dataset-choice.js';
import type { Choice } from './expand.js';

/** `prompt.use=coop, seed=1`, or the name and the rest. */
export function describeChoice({ name, standsFor = [], values }: Choice): string {
  const others = Object.entries(values).filter(([path]) => !standsFor.includes(path));
  const texts = others.map(([path, value]) => `${path}=${shortText(value, path)}`);
  return [...(name === undefined ? [] : [name]), ...texts].join(', ');
}

/** What cells that differ in the seed alone have in common: `prompt.use=coop`. */
export function rowOfChoice({ values: { seed: _seed, ...values }, ...choice }: Choice): string {
  return describeChoice({ ...choice, values }) || 'all cells';
}

/** Options that say where files lie: tables call these by their last name, and leave out where a data set has a name of its own. */
const PLACES: readonly string[] = ['path', 'root'];
/** The option that says which images figures are of. */
const SPLIT = 'split';

/**
 * A value as tables show it: a part by its name and its options, what lies in files by the name of the folder or file.
 * @param path of the option
 */
export function shortText(value: unknown, path = ''): string {
  const key = path.split('.').at(-1)!;
  if (key === SPLIT && typeof value === 'string') return splitText(value);
  if (typeof value === 'string') return PLACES.includes(key) || isPlace(value) ? lastName(value) : value;
  if (typeof value === 'object' && value !== null && 'use' in value) {
    const { use, ...options } = value;
    const name = typeof use === 'string' ? datasetName(value) : JSON.stringify(use);
    const told = Object.entries(options).filter(([option]) => !PLACES.includes(option) && option !== SPLIT);
    const split = SPLIT in options && typeof options[SPLIT] === 'string' ? [`on ${splitText(options[SPLIT])}`] : [];
    return [name, ...split, ...told.map(([option, inner]) => `${option}=${innerText(inner, option)}`)].join(' ');
  }
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'string' && isPlace(inner) ? lastName(inner) : inner,
    ) ?? ''
  );
}

/** The images that figures are of, in words. */
export function splitText(split: string): string {
  return { val: 'validation images', test: 'test images', train: 'training images' }[split] ?? split;
}

/** Values of one option as tables show them, without what all of them have in common; different ones that would look the same get a number. */
export function shortTexts(values: readonly unknown[], path: string): string[] {
  const texts = withoutCommon(values).map((value) => shortText(value, path));
  return texts.map((text, place) => {
    const earlier = texts.slice(0, place).filter((other) => other === text).length;
    return earlier === 0 ? text : `${text} (${earlier + 1})`;
  });
}

/** Several parts without the options that are the same in all of them. */
function withoutCommon(values: readonly unknown[]): readonly unknown[] {
  const isPart = (value: unknown): value is object => typeof value === 'object' && value !== null && 'use' in value;
  if (values.length < 2 || !values.every(isPart)) return values;
  const textOf = (part: object, option: string) => JSON.stringify((part as Record<string, unknown>)[option]);
  return values.map((part) =>
    Object.fromEntries(
      Object.entries(part).filter(
        ([option]) =>
          ['use', SPLIT, ...PLACES].includes(option) ||
          values.some((other) => textOf(other, option) !== textOf(part, option)),
      ),
    ),
  );
}

function innerText(value: unknown, option: string): string {
  return typeof value === 'string' && isPlace(value)
    ? lastName(value)
    : typeof value === 'object'
      ? shortText(value, option)
      : JSON.stringify(value);
}

/** A file or folder of some machine, which means nothing elsewhere. */
function isPlace(text: string): boolean {
  return isAbsolute(text) || /^(?:[A-Za-z]:[\\/]|\.{1,2}[\\/]|~[\\/]|file:)/.test(text);
}

function lastName(text: string): string {
  return text.split(/[\\/]/).filter(Boolean).at(-1) ?? text;
}
