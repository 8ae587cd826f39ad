import { canonicalJson } from '@promptweave/core/experiment';
import { shortText } from './short-text.js';

/** What a cell chooses, by option path. */
type Values = Readonly<Record<string, unknown>>;

/** Options that say which images a cell is tested on, and how. */
const TESTED = /^(dataset(\.(use|path|root|classes))?|protocol(\..*)?|evaluate(\..*)?)$/;
/** Cells of which a search chooses one share the number of training images as well. */
const SEARCHED = /^dataset\.shots$/;

/** What cells must share so that their figures may be compared: data set and protocol. */
export function testedAlike(values: Values): string {
  return canonicalJson(Object.fromEntries(Object.entries(values).filter(([path]) => TESTED.test(path))));
}

/** What the cells share of which a search chooses one: data set, protocol, and the number of training images. */
export function searchedAlike(values: Values): string {
  return canonicalJson(Object.fromEntries(shared(values)));
}

/** `emoji-plants, 4`: that in words; empty where the cell chooses nothing of it. */
export function sharedText(values: Values): string {
  return shared(values)
    .map(([path, value]) => shortText(value, path))
    .join(', ');
}

function shared(values: Values): [path: string, value: unknown][] {
  return Object.entries(values).filter(([path]) => TESTED.test(path) || SEARCHED.test(path));
}
