import { parse } from 'csv-parse/sync';

/** A row by its headings as they are written, with the line that it begins at. */
export interface RawRow {
  readonly line: number;
  readonly value: unknown;
}

/** Signs that stand between the cells of a row. */
const SEPARATORS = [',', '\t', ';', '|'];
/** Characters of the longest row. */
const MOST_OF_A_ROW = 1_000_000;

/** The rows of a list: JSON objects, one a line or in one list, or cells under a heading. @throws Error that says what is wrong */
export function rowsOf(text: string, name: string): RawRow[] {
  const opening = text.trimStart()[0];
  if (opening === '[') return jsonList(text);
  return opening === '{' || /\.(jsonl|ndjson|json)$/i.test(name) ? jsonLines(text) : cells(text);
}

function cells(text: string): RawRow[] {
  const records: { record: Record<string, string>; info: { lines: number } }[] = parse(text, {
    columns: true,
    delimiter: separatorOf(text),
    bom: true,
    skip_empty_lines: true,
    trim: true,
    info: true,
    max_record_size: MOST_OF_A_ROW,
  });
  return records.map(({ record, info }) => ({
    line: info.lines,
    // An empty cell is an absent value.
    value: Object.fromEntries(Object.entries(record).filter(([, cell]) => cell !== '')),
  }));
}

/** The sign that cuts the heading into most parts. */
function separatorOf(text: string): string {
  const heading =
    text
      .slice(0, MOST_OF_A_ROW)
      .split('\n')
      .find((line) => line.trim() !== '') ?? '';
  const parts = (sign: string): number => heading.split(sign).length;
  return SEPARATORS.reduce((best, sign) => (parts(sign) > parts(best) ? sign : best));
}

function jsonLines(text: string): RawRow[] {
  return text.split('\n').flatMap((content, i) => {
    if (content.trim() === '') return [];
    try {
      return [{ line: i + 1, value: JSON.parse(content) as unknown }];
    } catch (cause) {
      throw new Error(`line ${i + 1} is not JSON`, { cause });
    }
  });
}

function jsonList(text: string): RawRow[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new Error('it begins like a list in JSON and is none', { cause });
  }
  return (list as unknown[]).map((value, i) => ({ line: i + 1, value }));
}
