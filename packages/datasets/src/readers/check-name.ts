import { DatasetError } from '@promptweave/core';
import { quoted } from './quoted.js';

/** Characters of the longest class name; CLIP's texts end after 77 tokens. */
const LONGEST = 500;
const CONTROL = /[\u0000-\u0008\u000e-\u001f\u007f]/;

/** The name of a class, as it is. @throws DatasetError for one that is empty, longer than any name, or holds control characters */
export function checkName(name: string, where: string): string {
  const problem =
    name.trim() === ''
      ? 'A class has an empty name'
      : name.length > LONGEST
        ? `A class has a name of ${name.length.toLocaleString('en')} characters, ${quoted(name)}; at most ${LONGEST} are read`
        : CONTROL.test(name)
          ? `The class name ${quoted(name)} holds control characters`
          : undefined;
  if (problem === undefined) return name;
  throw new DatasetError(`${problem}.`, { where, remedy: 'Give every class a short name in words.' });
}
