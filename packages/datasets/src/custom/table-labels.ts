import { DatasetError } from '@promptweave/core';
import { counted, named } from '../readers/left-out.js';
import { quoted } from '../readers/quoted.js';
import type { ListedImage } from './check-listed-once.js';
import { severalLabels } from './several-labels.js';

/**
 * Refuses labels that are lists: "cat,dog" where cat and dog are labels, too, and "cat;indoor" beside "dog;indoor". Names may hold
 * such signs: "tench, Tinca tinca".
 */
export function checkJoined(images: readonly ListedImage[], file: string): void {
  const names = new Set(images.map(({ label }) => label.trim()));
  const owners = new Map<string, string>([...names].map((name) => [name, name]));
  const joined = new Map<string, readonly string[]>();
  for (const name of names) {
    const parts = partsOf(name, /[,;]/);
    if (parts.length > 1 && parts.every((part) => names.has(part))) joined.set(name, parts);
    const shared = partsOf(name, /;/);
    for (const part of shared.length > 1 ? shared : []) {
      if (owners.has(part) && owners.get(part) !== name) joined.set(name, shared);
      owners.set(part, name);
    }
  }
  for (const { path, label, row } of joined.size > 0 ? images : []) {
    const labels = joined.get(label.trim());
    if (labels) throw severalLabels(path, { labels, where: `${file}, ${row}` });
  }
}

function partsOf(name: string, sign: RegExp): string[] {
  return name
    .split(sign)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/**
 * Labels without white space around them, and what to say of it.
 *
 * @throws DatasetError where a label is written with it and without it
 */
export function trimLabels<T extends ListedImage>(
  written: readonly T[],
  file: string,
): { images: T[]; notes: string[] } {
  const first = new Map<string, ListedImage>();
  const padded: ListedImage[] = [];
  const images = written.map((image) => {
    const label = image.label.trim();
    const other = first.get(label);
    if (other !== undefined && other.label !== image.label) {
      throw new DatasetError(
        `Two labels differ in white space alone: ${quoted(other.label)} (${other.row}) and ${quoted(image.label)} (${image.row}).`,
        { where: file, remedy: 'Write the label the same way in all rows.' },
      );
    }
    if (other === undefined) first.set(label, image);
    if (label !== image.label) padded.push(image);
    return { ...image, label };
  });
  if (padded.length === 0) return { images, notes: [] };
  const [{ label, row }] = padded;
  const note = `White space around ${counted(padded.length, 'label')} left out, such as ${quoted(label)} (${row}).`;
  return { images, notes: [note] };
}

/** Says where class names are numbers. */
export function notesOnLabels(classNames: readonly string[]): string[] {
  if (classNames.length === 0 || !classNames.every((name) => /^\d+$/.test(name))) return [];
  return [
    `All labels are numbers (${named(classNames)}) and are taken as the names of the classes, also in prompts. ` +
      'Names in words say more to the model.',
  ];
}
