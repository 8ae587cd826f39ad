/** One option of each factor. */
export type Row = readonly string[];

/** Two options of two factors that stand together: their places among the factors, and their names. */
export interface Pair {
  readonly places: readonly [number, number];
  readonly options: readonly [string, string];
}

/** Rows that have every pair which can be had, and a row for each pair which cannot. */
export interface CoveringArray {
  /** Allowed rows. */
  readonly rows: readonly Row[];
  /** For each pair that no allowed row has: the first row that has it, so with the first options otherwise. */
  readonly refused: readonly { readonly pair: Pair; readonly row: Row }[];
}

/** Every pair of options of two different factors. */
export function pairsOf(factors: readonly Row[]): Pair[] {
  return factors.flatMap((options, i) =>
    factors
      .slice(i + 1)
      .flatMap((others, k) =>
        options.flatMap((a) => others.map((b): Pair => ({ places: [i, i + 1 + k], options: [a, b] }))),
      ),
  );
}

export function hasPair(row: Row, { places: [i, k], options: [a, b] }: Pair): boolean {
  return row[i] === a && row[k] === b;
}

/** A small set of allowed rows that covers all pairs: the row with the most missing pairs is taken, again and again. The same for the same factors. */
export function coveringArray(factors: readonly Row[], isAllowed: (row: Row) => boolean): CoveringArray {
  const all = allRows(factors);
  const allowed = all.filter(isAllowed);
  const keysOf = new Map(allowed.map((row) => [row, pairsOf(row.map((option) => [option])).map(keyOf)]));
  const missing = new Set([...keysOf.values()].flat());
  const refused = pairsOf(factors)
    .filter((pair) => !missing.has(keyOf(pair)))
    .map((pair) => ({ pair, row: all.find((row) => hasPair(row, pair))! }));
  const rows: Row[] = [];
  while (missing.size > 0) {
    const gainOf = (row: Row): number => keysOf.get(row)!.filter((key) => missing.has(key)).length;
    let best = { row: allowed[0]!, gain: 0 };
    for (const row of allowed) {
      const gain = gainOf(row);
      if (gain > best.gain) best = { row, gain };
    }
    rows.push(best.row);
    for (const key of keysOf.get(best.row)!) missing.delete(key);
  }
  return { rows, refused };
}

function keyOf({ places, options }: Pair): string {
  return [...places, ...options].join('\0');
}

/** Every row. */
export function allRows(factors: readonly Row[]): Row[] {
  return factors.reduce<Row[]>((rows, options) => rows.flatMap((row) => options.map((o) => [...row, o])), [[]]);
}
