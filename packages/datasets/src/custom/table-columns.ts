import { DatasetError } from '@promptweave/core';
import { counted, named } from '../readers/left-out.js';
import { isImageName } from '../readers/list-folder.js';
import { quoted } from '../readers/quoted.js';

/** What a column of a table is for. */
export type Role = 'path' | 'label' | 'split' | 'domain';
/** The index of each column in the heading. */
export type Columns = { readonly [role in Role]?: number } & { readonly path: number; readonly label: number };

/** How columns are called elsewhere, in small letters without signs between words. */
const CALLED: Readonly<Record<Role, string>> = {
  path:
    'path paths filepath file files filename fname relpath relativepath image images imagepath imagefile imagefilename ' +
    'imagefilepath imagename img imgs imgpath imgfile imgfilename imgname photo picture',
  label: 'label labels labelname class classes classname classlabel title target targetname category categoryname',
  split: 'split set subset partition',
  domain: 'domain',
};
const ROLES = Object.keys(CALLED) as Role[];
const NAMES = byRole((role): ReadonlySet<string> => new Set(CALLED[role].split(' ')));

function byRole<T>(make: (role: Role) => T): Record<Role, T> {
  return { path: make('path'), label: make('label'), split: make('split'), domain: make('domain') };
}

/**
 * For each role the columns of a heading that could have it: those called so, otherwise those with another name for it. Labels that
 * are numbers count only where there are none in words.
 */
export function matchColumns(
  heading: readonly string[],
  isNumber: (index: number) => boolean = () => false,
): Record<Role, number[]> {
  const plain = heading.map((name) => name.normalize('NFKC').trim().toLowerCase());
  const of = (role: Role): number[] => {
    const all = [...plain.keys()].filter((i) => NAMES[role].has(plain[i].replace(/[\s_.-]+/g, '')));
    const words = role === 'label' && all.length > 1 ? all.filter((i) => !isNumber(i)) : [];
    const candidates = words.length > 0 ? words : all;
    const exact = candidates.filter((i) => plain[i] === role);
    return exact.length > 0 ? exact : candidates;
  };
  return byRole(of);
}

/**
 * Finds the columns for path and label, and, if there are, split and domain.
 *
 * @param isNumber whether a column holds nothing but whole numbers
 * @throws DatasetError showing the heading where one is missing, or two could be the same
 */
export function findColumns(
  heading: readonly string[],
  { where, isNumber }: { readonly where: string; readonly isNumber: (index: number) => boolean },
): { columns: Columns; notes: string[] } {
  const matches = matchColumns(heading, isNumber);
  const shown = heading.length === 0 ? 'nothing' : named(heading.map(quoted), 12);
  const found: Partial<Record<Role, number>> = {};
  for (const role of ROLES) {
    if (matches[role].length > 1) {
      const which = named(matches[role].map((i) => quoted(heading[i])));
      throw new DatasetError(`Several columns could be the ${role}: ${which}.`, {
        where,
        remedy: `Call the right one "${role}", and no other.`,
      });
    }
    if (matches[role].length === 1) [found[role]] = matches[role];
  }
  const { path, label } = found;
  if (path === undefined || label === undefined) {
    const missing = [path === undefined ? 'path' : '', label === undefined ? 'label' : ''].filter(
      (role) => role !== '',
    );
    const isData = heading.some(isImageName);
    throw new DatasetError(
      `The table has no column called ${missing.join(' and none called ')}. Its ${isData ? 'first line is no heading, but' : 'columns are'}: ${shown}.`,
      {
        where,
        remedy: isData
          ? 'Write a first line that names the columns: path,label.'
          : 'Call the column of image files "path" (or file, filename, filepath, image, …), and that of classes "label" (or class, category, title, …).',
      },
    );
  }
  return { columns: { ...found, path, label }, notes: notesOnColumns(heading, found) };
}

function notesOnColumns(heading: readonly string[], found: Partial<Record<Role, number>>): string[] {
  const renamed = ROLES.flatMap((role) => {
    const index = found[role];
    return index === undefined || heading[index].trim().toLowerCase() === role
      ? []
      : [`${quoted(heading[index])} as ${role}`];
  });
  const used = new Set(Object.values(found));
  const unused = heading
    .filter((_, i) => !used.has(i))
    .map((name) => (name === '' ? 'one without a name' : quoted(name)));
  return [
    ...(renamed.length > 0 ? [`Columns are read by their meaning: ${renamed.join(', ')}.`] : []),
    ...(unused.length > 0
      ? [
          `${counted(unused.length, 'column')} of the table ${unused.length === 1 ? 'is' : 'are'} not used: ${named(unused)}.`,
        ]
      : []),
  ];
}
