import { DatasetError } from '@promptweave/core';
import { described, quoted } from '../readers/quoted.js';
import { severalLabels } from './several-labels.js';

/** Numbers that are no class: below 0, with a fraction, or with an exponent. */
const NO_CLASS = /^(?!\d+$)[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
/** A list as Python or JSON writes it. */
const WRITTEN_LIST = /^(\[.*\]|\{.*\})$/s;

/**
 * The class name that a row of a table gives, as it is written there.
 *
 * @param image the row's path
 * @throws DatasetError for several labels, numbers that are no class, and what is no name
 */
export function readLabel(value: unknown, image: string, where: string): string {
  if (Array.isArray(value) && value.length > 1) {
    const labels = value.map((one: unknown) => (typeof one === 'string' ? one : described(one)));
    throw severalLabels(image, { labels, where });
  }
  const label: unknown = Array.isArray(value) ? value[0] : value;
  const wrong = (what: string): DatasetError =>
    new DatasetError(`The label of ${quoted(image)} is ${described(label)}${what}.`, {
      where,
      remedy: 'Give the name of the class, or its number: a whole one from 0 on.',
    });
  if (typeof label === 'number') {
    if (!Number.isSafeInteger(label) || label < 0) throw wrong(', which is no class');
    return String(label);
  }
  if (typeof label !== 'string' || label.trim() === '') throw wrong('');
  const text = label.trim();
  const parts = text.split('|').filter((part) => part.trim() !== '');
  if (parts.length > 1) throw severalLabels(image, { labels: parts, where });
  if (WRITTEN_LIST.test(text)) throw wrong(', a list: in promptweave one image has one label');
  if (NO_CLASS.test(text) || (/^\d+$/.test(text) && !Number.isSafeInteger(Number(text)))) {
    throw wrong(', which is no class');
  }
  return label;
}
