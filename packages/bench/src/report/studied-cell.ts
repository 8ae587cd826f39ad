import type { CellFolder, CellState } from '../sweep/cell-folder.js';

/** One cell as reports see it. */
export interface StudiedCell {
  readonly id: string;
  readonly name?: string;
  readonly standsFor?: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly folder: CellFolder;
  readonly state: CellState;
}
