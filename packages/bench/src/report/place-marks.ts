import type { TextCell } from './table.js';

/** A number of a table before it is text. */
export interface NumberCell extends TextCell {
  /** In the unit that the table shows. */
  readonly value?: number;
  /** Whether less is better. */
  readonly less?: boolean;
  /** Cells are compared with those of the same group in their column. */
  readonly group?: string;
}

/** Marks the best and the second of each group of each column; equal as shown is equally good. */
export function withPlaces(rows: readonly (readonly NumberCell[])[]): TextCell[][] {
  const columns = rows[0]?.length ?? 0;
  const orders = Array.from({ length: columns }, (_, column) => {
    const groups = new Map<string, NumberCell[]>();
    for (const row of rows) {
      const cell = row[column]!;
      if (cell.value === undefined || cell.group === undefined) continue;
      groups.set(cell.group, [...(groups.get(cell.group) ?? []), cell]);
    }
    return new Map([...groups].map(([group, cells]) => [group, orderOf(cells)]));
  });
  return rows.map((row) =>
    row.map(({ value, less: _less, group, ...cell }, column) => {
      const order = value === undefined || group === undefined ? undefined : orders[column]!.get(group);
      if (!order || order.count < 2) return cell;
      const place = order.texts.indexOf(mainText(cell.text));
      return { ...cell, ...(place === 0 && { best: true }), ...(place === 1 && { second: true }) };
    }),
  );
}

function orderOf(cells: readonly NumberCell[]): { readonly count: number; readonly texts: readonly string[] } {
  const sorted = [...cells].sort((a, b) => (a.less ? 1 : -1) * (a.value! - b.value!));
  return { count: cells.length, texts: [...new Set(sorted.map(({ text }) => mainText(text)))] };
}

function mainText(text: string): string {
  return text.split(' ± ')[0]!;
}
