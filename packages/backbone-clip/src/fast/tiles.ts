/** Rows that a tile has at least, if there are so many, and at most, if no branch is longer. */
const SHORTEST = 32;
const LONGEST = 64;

/** Branches of different lengths in tiles of one length, so that their attention is a batch of equal matrices. */
export interface Tiling {
  /** Rows of each tile L. */
  readonly length: number;
  /** The classes of each tile, one after the other from its first row on; rows that are left over belong to none. */
  readonly tiles: readonly (readonly number[])[];
}

/**
 * Lays branches into tiles of the length that leaves the fewest rows over: none where all fit one tile, a few percent at most
 * where there are many.
 *
 * @param lengths rows of each class's branch
 */
export function tileBranches(lengths: readonly number[]): Tiling {
  const longest = Math.max(...lengths);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const most = Math.max(longest, LONGEST);
  if (total <= most) return { length: total, tiles: [lengths.map((_, c) => c)] };
  let best: Tiling | undefined;
  for (let length = Math.max(longest, SHORTEST); length <= most; length++) {
    const tiling = { length, tiles: fillTiles(lengths, length) };
    if (!best || rowsOfTiles(tiling) < rowsOfTiles(best)) best = tiling;
  }
  return best!;
}

/** Rows of all tiles. */
export function rowsOfTiles({ length, tiles }: Tiling): number {
  return length * tiles.length;
}

/** Fills one tile after the other, each time with the longest branch that still fits. */
function fillTiles(lengths: readonly number[], length: number): number[][] {
  const waiting: number[][] = Array.from({ length: length + 1 }, () => []);
  for (let c = lengths.length - 1; c >= 0; c--) waiting[lengths[c]!]!.push(c);
  const tiles: number[][] = [];
  for (let placed = 0; placed < lengths.length;) {
    const tile: number[] = [];
    for (let space = length, size = length; size > 0;) {
      if (size > space || waiting[size]!.length === 0) size--;
      else {
        tile.push(waiting[size]!.pop()!);
        space -= size;
      }
    }
    tiles.push(tile);
    placed += tile.length;
  }
  return tiles;
}
