export {
  cellFiles,
  CellFolder,
  type CellFailure,
  type CellOutcome,
  type CellState,
  type Patience,
} from './cell-folder.js';
export type { CellNeeds } from './cell-needs.js';
export type { CellEstimate, Engine, EngineRequest, SweepEvent } from './engine.js';
export { estimateCells, type EstimatedCell, type EstimateOptions, type SweepEstimate } from './estimate-cells.js';
export { expandGrid, type Choice } from './expand.js';
export { FeatureLibrary } from './feature-library.js';
export { readGrid, type Grid } from './grid.js';
export { gibibytes, inProcessEngine, processEngine, type LocalEngineOptions, type Place } from './local-engine.js';
export { sendCell, sendEvent, type CellEnd } from './parcel.js';
export { impossibleError, impossibleText, type ImpossibleCell, type MendingChange } from './impossible-cells.js';
export { planSweep, type CellIdentity, type PlannedCell, type PlanRequest } from './plan.js';
export { describeChoice, shortText } from './short-text.js';
export { ProcessError, type ProcessErrorDetails } from './process-error.js';
export { rayEngine, type RayEngineOptions } from './ray/ray-engine.js';
export { archiveFolders } from './ray/sweep-archive.js';
export { runCells, type CellEnvironment } from './run-cells.js';
export { isOfSearch, readSearch, rungsOf, unsearchable, type Search } from './search/search-section.js';
export { runSearch, type SearchRequest } from './search/run-search.js';
export { validationCurve } from './search/validation-curve.js';
export { runSweep, type SweepRequest } from './run-sweep.js';
export { slurmEngine, type SlurmEngineOptions } from './slurm/slurm-engine.js';
export { searchedAlike, sharedText, testedAlike } from './tested-alike.js';
export { SweepTracker, type SweepOutcome, type TrackedSweep } from './sweep-tracker.js';
export { SweepFolder, sweepFiles, type SweepDescription } from './sweep-folder.js';
export { runAsWorker } from './worker.js';
