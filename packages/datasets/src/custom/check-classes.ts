import { DatasetError } from '@promptweave/core';
import { checkName } from '../readers/check-name.js';
import { quoted } from '../readers/quoted.js';

/** Refuses class names that a text model cannot tell apart: "_" and any white space is a space, case and Unicode's form do not count. */
export function checkClasses(classNames: readonly string[], where: string): void {
  const seen = new Map<string, string>();
  for (const name of classNames) {
    checkName(name, where);
    const key = sameNameKey(name);
    const twin = seen.get(key);
    if (twin !== undefined) {
      throw new DatasetError(
        `Two classes have the same name for the model: ${quoted(twin)} and ${quoted(name)}${formOf(twin, name)}.`,
        { where, remedy: 'Give every class a name of its own, in classnames.txt or as its label.' },
      );
    }
    if (key === '')
      throw new DatasetError(`The class name ${quoted(name)} has no words.`, {
        where,
        remedy: 'Give every class a name in words.',
      });
    seen.set(key, name);
  }
  if (classNames.length < 2) {
    throw new DatasetError(`A classifier needs at least 2 classes; there are ${classNames.length}.`, {
      where,
      remedy: 'Check that the path names the folder or file of the whole data set.',
    });
  }
}

/** The same for names that a text model cannot tell apart. */
export function sameNameKey(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[\s_]+/gu, ' ')
    .trim()
    .toLowerCase();
}

/** Why two names that look alike are two. */
export function formOf(one: string, other: string): string {
  const isForm = one !== other && one.normalize('NFC') === other.normalize('NFC');
  return isForm ? ' (they look alike: a Mac writes such letters as two characters)' : '';
}

/** Refuses a class without a training image. Data without any training image is for testing alone, and passes. */
export function checkTrained(
  classNames: readonly string[],
  train: readonly { readonly label: number }[],
  where: string,
): void {
  if (train.length === 0) return;
  const trained = new Set(train.map(({ label }) => label));
  const untrained = classNames.find((_, label) => !trained.has(label));
  if (untrained === undefined) return;
  throw new DatasetError(`The class ${quoted(untrained)} has no training images.`, {
    where,
    remedy: 'Put images of the class into the training split, or remove the class.',
  });
}
