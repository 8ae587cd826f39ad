export {
  cellFiles,
  CellFolder,
  type CellFailure,
  type CellOutcome,
  type CellState,
  type Patience,
} from './cell-folder.js';
export { claimantOf, tryClaim, type Claim, type Claimant } from './claim.js';
export type { Engine, EngineRequest, SweepEvent } from './engine.js';
export { expandGrid, type Choice } from './expand.js';
export { FeatureLibrary } from './feature-library.js';
export { readGrid, type Grid } from './grid.js';
export { inProcessEngine, processEngine, runAsWorker, type WorkerTask } from './local-engine.js';
export { describeChoice, planSweep, shortText, type CellIdentity, type PlannedCell, type PlanRequest } from './plan.js';
export { runCells, type CellEnvironment } from './run-cells.js';
export { runSweep, type SweepRequest } from './run-sweep.js';
export { SweepFolder, sweepFiles, type SweepDescription } from './sweep-folder.js';
