import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowsOfTiles, tileBranches } from './tiles.js';

const lengths = (most: number) => fc.array(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 400 });

it('every class has its place in one tile, and no tile is fuller than full', () => {
  fc.assert(
    fc.property(lengths(100), (branches) => {
      const { length, tiles } = tileBranches(branches);
      expect(tiles.flat().sort((a, b) => a - b)).toEqual(branches.map((_, c) => c));
      for (const classes of tiles) {
        expect(classes.reduce((sum, c) => sum + branches[c]!, 0)).toBeLessThanOrEqual(length);
      }
    }),
  );
});

it('nothing is left over where one tile is enough, and hardly anything where many classes have names of usual length', () => {
  expect(tileBranches([3, 4, 3, 6])).toEqual({ length: 16, tiles: [[0, 1, 2, 3]] });
  fc.assert(
    fc.property(lengths(9), (branches) => {
      const needed = branches.reduce((sum, length) => sum + length, 0);
      expect(rowsOfTiles(tileBranches(branches))).toBeLessThanOrEqual(needed < 200 ? 1.15 * needed : 1.03 * needed);
    }),
  );
});

it('a branch longer than a tile usually is makes tiles of its length', () => {
  expect(tileBranches([...new Array<number>(10).fill(72), 4, 5, 6])).toMatchObject({ length: 72 });
});
