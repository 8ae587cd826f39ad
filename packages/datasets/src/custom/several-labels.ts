import { DatasetError } from '@promptweave/core';
import { named } from '../readers/left-out.js';
import { quoted } from '../readers/quoted.js';

/** The error for an image of several labels: a mistake in the table, or data of a kind that promptweave does not do. */
export function severalLabels(
  image: string,
  { labels, where, rows }: { readonly labels: readonly string[]; readonly where: string; readonly rows?: string },
): DatasetError {
  const many = labels.length === 2 ? 'two labels' : `${labels.length} labels`;
  const which = `${named(labels.slice(0, -1).map(quoted), 4)} and ${quoted(labels.at(-1) ?? '')}`;
  return new DatasetError(
    `The image ${quoted(image)} has ${many}, ${which}${rows === undefined ? '' : ` (${rows})`}: in promptweave one image has one label.`,
    {
      where,
      remedy:
        'Multi-label data cannot be trained or tested on as it is. Where all labels are meant, write a table of its own for each ' +
        'kind of label, with one label an image; where one is a mistake, correct it.',
    },
  );
}
