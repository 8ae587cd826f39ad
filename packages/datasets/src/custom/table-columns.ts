import type { RawRow } from './table-rows.js';

/** What people call the columns, the surest name first. */
const NAMES = {
  path: [
    'path',
    'filepath',
    'file_path',
    'image_path',
    'img_path',
    'filename',
    'file_name',
    'file',
    'image',
    'img',
    'image_file',
  ],
  label: ['label', 'class_name', 'classname', 'class', 'label_name', 'category', 'category_name', 'title', 'target'],
  split: ['split', 'subset', 'set', 'partition'],
  domain: ['domain'],
} as const;

/** What a column is for. */
export type Column = keyof typeof NAMES;

/** The headings that hold path, label, split and domain. */
export type Columns = Readonly<Record<'path' | 'label', string>> &
  Readonly<Partial<Record<'split' | 'domain', string>>>;

/** The rows as objects, or the line of one that is none. */
function keysOf(rows: readonly RawRow[]): Map<string, string> {
  const found = new Map<string, string>(); // as compared to as written
  for (const { value } of rows) {
    if (typeof value !== 'object' || value === null) continue;
    for (const key of Object.keys(value)) if (!found.has(plain(key))) found.set(plain(key), key);
  }
  return found;
}

function plain(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
}

/** The columns of a list by their headings. @throws Error that shows the headings where there is none for the path or the label */
export function columnsOf(rows: readonly RawRow[]): Columns {
  const headings = keysOf(rows);
  const candidates = (column: Column): string[] =>
    NAMES[column].flatMap((name) => (headings.has(name) ? [headings.get(name)!] : []));
  const labels = candidates('label');
  const columns = {
    path: candidates('path')[0],
    // Numbers beside names are an index.
    label: labels.find((heading) => !allNumbers(rows, heading)) ?? labels[0],
    split: candidates('split')[0],
    domain: candidates('domain')[0],
  };
  const { path, label } = columns;
  if (path === undefined || label === undefined) {
    const shown = [...headings.values()].slice(0, 12).map((heading) => JSON.stringify(heading.slice(0, 60)));
    const lacks = path === undefined ? 'path' : 'label';
    throw new Error(
      `its headings are ${shown.join(', ') || 'none'}, and none of them is known as the ${lacks} (${NAMES[lacks].join(', ')})`,
    );
  }
  return { ...columns, path, label };
}

function allNumbers(rows: readonly RawRow[], heading: string): boolean {
  return rows.every(({ value }) => /^\d+$/.test(String((value as Record<string, unknown> | null)?.[heading] ?? '')));
}
