import { createHash } from 'node:crypto';

/** What MLflow's servers, old ones too, and their files take at most: bytes of a name, characters of a value. */
const LONGEST = { name: 250, file: 200, param: 500, tag: 5000 } as const;
/** Python's `\w` and what MLflow allows besides; combining marks are not among it, nor, on older servers, the colon. */
const NOT_IN_NAMES = /[^\p{L}\p{N}_. -]/gu;
/** How a changed name ends, so that an unchanged one never looks like it. */
const ENDS_IN_HASH = /-[0-9a-f]{12}$/;

/**
 * The name of a metric, a param or a tag as MLflow takes it: letters and digits of every script, _ - . space, and slashes between names.
 * What is changed ends in a hash of what it was, so that two names stay two.
 */
export function mlflowKey(key: string): string {
  return shortened(
    key
      .split('/')
      .map((part) => cleaned(part, NOT_IN_NAMES))
      .join('/'),
    key,
  );
}

/** The path of an artifact as MLflow's servers and their disks take it; endings stay. */
export function mlflowPath(path: string): string {
  const parts = path.split('/').map((part) => {
    const [, stem = part, ending = ''] = /^(.+?)(\.\w{1,12})?$/su.exec(part) ?? [];
    const clean = cleaned(stem, NOT_IN_NAMES);
    return `${shortened(clean, stem, LONGEST.file)}${ending}`;
  });
  return parts.join('/');
}

/** The name of a run or an experiment. They may hold anything, but older databases no more than 250 characters. */
export function mlflowTitle(title: string): string {
  const clean = title.replaceAll(/\p{Cs}/gu, '\uFFFD');
  return shortened(clean === title ? title : `${clean}-${hash(title)}`, title);
}

/** A param's value, cut where it is too long; the configuration among the artifacts has the whole. */
export function mlflowParam(value: string): string {
  return cut(value, LONGEST.param);
}

/** A tag's value, cut where it is too long. */
export function mlflowTag(value: string): string {
  return cut(value, LONGEST.tag);
}

/**
 * A configuration as the whole values of params: `{ prompt: { use: 'comma' }, losses: [{ use: 'x' }] }` gives `prompt.use` and
 * `losses.0.use`. Lists of plain values stay together.
 */
export function flatParams(configuration: object): Record<string, string> {
  const leaves: { readonly path: readonly string[]; readonly name: string; readonly value: unknown }[] = [];
  const visit = (value: unknown, path: readonly string[]): void => {
    if (value === undefined) return;
    const nested = typeof value === 'object' && value !== null && Object.values(value).length > 0;
    if (nested && (!Array.isArray(value) || value.some((entry) => typeof entry === 'object'))) {
      for (const [key, entry] of Object.entries(value)) visit(entry, [...path, key]);
    } else {
      leaves.push({ path, name: path.map((part) => cleaned(part, NOT_IN_NAMES)).join('.'), value });
    }
  };
  visit(configuration, []);
  const named = leaves.map(({ path, name, value }) => {
    // A key with a dot in it may mean the same name as a key within another: { 'a.b': 1, a: { b: 2 } }.
    const isShared =
      path.some((key) => key.includes('.')) && leaves.some((leaf) => leaf.path !== path && leaf.name === name);
    const own = isShared ? `${name}-${hash(JSON.stringify(path))}` : name;
    return [shortened(own, JSON.stringify(path)), typeof value === 'string' ? value : JSON.stringify(value)] as const;
  });
  return Object.fromEntries(named);
}

/** One name without what may not be in it. */
function cleaned(name: string, taken: RegExp): string {
  const clean = name.replaceAll(taken, '_');
  const stays = clean === name && !/^\.{0,2}$/.test(name) && !ENDS_IN_HASH.test(name);
  return stays ? name : `${clean}-${hash(name)}`;
}

/** A name that is not too long; `original` tells those apart that begin alike. */
function shortened(name: string, original: string, longest: number = LONGEST.name): string {
  const bytes = Buffer.byteLength(name);
  const looksShortened = bytes > longest - 4 && ENDS_IN_HASH.test(name) && name === original;
  if (bytes <= longest && !looksShortened) return name;
  const begin = Buffer.from(name)
    .toString('utf8', 0, longest - 13)
    .replace(/\uFFFD+$/, '');
  return `${begin}-${hash(original)}`;
}

function hash(text: string): string {
  return createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex').slice(0, 12);
}

/** A text of so many characters at most; one that is cut says so. */
function cut(text: string, longest: number): string {
  const value = text.replaceAll(/\p{Cs}/gu, '\uFFFD');
  if (value.length <= longest) return value;
  const mark = `… (cut: ${value.length} characters)`;
  return `${value.slice(0, longest - mark.length).replace(/[\uD800-\uDBFF]$/, '')}${mark}`;
}
