import { extname } from 'node:path';
import { isImageName, type HiddenImages } from './list-folder.js';
import type { ClassFiles } from './listing-cache.js';

/** Names that a note lists at most. */
const NAMED = 5;

/** `12 images`, `1 image`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** `a, b, c and 4 more`. */
export function named(names: readonly string[], most = NAMED): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more.toLocaleString('en')} more` : names.join(', ');
}

/** How often each thing occurs, the most frequent first: `.heic 30, .mp4 2`. */
export function tally(things: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const thing of things) counts.set(thing, (counts.get(thing) ?? 0) + 1);
  return named(
    [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([thing, count]) => `${thing} ${count}`),
    12,
  );
}

/** The ending by which a file's format is told. */
export function endingOf(name: string): string {
  return extname(name).toLowerCase() || 'without an ending';
}

/** Says which files of class folders are no images by their names, or undefined where all are. */
export function foreignFiles(prefix: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const are = names.length === 1 ? 'is' : 'are';
  return (
    `${counted(names.length, 'file')} of formats that are not read ${are} left out ` +
    `(${tally(names.map(endingOf))}), such as ${prefix}${names[0]}.`
  );
}

/** What a person should know about some class folders: files that are no images, deeper folders, hidden images. */
export function notesOnFolders(prefix: string, listing: readonly ClassFiles[]): string[] {
  const foreign: string[] = [];
  const deep: string[] = [];
  const hidden: Record<string, number> = {};
  let images = 0;
  for (const { folder, files, below, hidden: own } of listing) {
    const at = (name: string): string => `${folder}/${name}`;
    const names = files === '' ? [] : files.split('\n');
    for (const name of names) {
      if (!isImageName(name)) foreign.push(at(name));
      else {
        images += 1;
        if (below.length > 0 && name.includes('/')) deep.push(at(name));
      }
    }
    for (const [name, count] of Object.entries(own)) hidden[at(name)] = count;
  }
  const deeper =
    deep.length === 0
      ? undefined
      : `${deep.length.toLocaleString('en')} of ${counted(images, 'image')} lie in folders below the class folders ` +
        `(such as ${prefix}${deep[0]}) and belong to the class of the folder above.`;
  return [foreignFiles(prefix, foreign), deeper, hiddenImages(prefix, hidden)].filter((note) => note !== undefined);
}

/** Says what is passed over though it holds images. */
export function hiddenImages(prefix: string, hidden: HiddenImages): string | undefined {
  const places = Object.keys(hidden);
  if (places.length === 0) return undefined;
  const total = Object.values(hidden).reduce((sum, count) => sum + count, 0);
  return `${counted(total, 'image')} in hidden files and folders of systems left out: ${named(places.map((place) => prefix + place))}.`;
}
