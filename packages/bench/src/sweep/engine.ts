import type { TrainEvent } from '@promptweave/core/experiment';
import type { CellFolder, Patience } from './cell-folder.js';

/** What an engine or a worker tells while it works. Only for people to watch: what is done stands in the cells' folders. */
export type SweepEvent =
  | { readonly type: 'begin' | 'finish' | 'fail' | 'stop'; readonly cell: string; readonly message?: string }
  | { readonly type: 'train'; readonly cell: string; readonly event: TrainEvent }
  | {
      readonly type: 'evaluate';
      readonly cell: string;
      readonly set: string;
      readonly done: number;
      readonly total: number;
    }
  | { readonly type: 'wait'; readonly cells: number }
  /** Something that people should know. */
  | { readonly type: 'note'; readonly message: string };

/** What a cell is expected to take. */
export interface CellEstimate {
  /** Training and evaluation together, on this machine. */
  readonly seconds: number;
  /** Largest resident memory of the process, bytes; of the GPU where one computes. */
  readonly bytes: number;
}

/** What an engine is to do. */
export interface EngineRequest {
  /** The sweep's folder. */
  readonly folder: string;
  /** Cells that are neither finished nor given up, each prepared in its folder. */
  readonly cells: readonly CellFolder[];
  readonly patience: Patience;
  /** What cells are expected to take, by their ids, as far as that is known. */
  readonly estimates?: ReadonlyMap<string, CellEstimate>;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: SweepEvent) => void;
}

/**
 * Where cells run. An engine sees to it that somebody calls `runCells` (or the command `promptweave sweep --cell FOLDER`, which does) on each
 * folder, here or on another machine, and that the files come home to the folders. It keeps no record: whether a cell is waiting,
 * running, finished or failed is read from its folder, so that any engine can go on where another one stopped.
 */
export interface Engine {
  readonly name: string;
  /** The Ray cluster whose jobs it brings home. */
  readonly address?: string;
  /** Resolves when nothing of what it started is running any more; that need not mean that all cells are finished. */
  run(request: EngineRequest): Promise<void>;
}
