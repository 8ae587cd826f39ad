export { connect } from './connect.js';
export { type Delivered } from './delivery.js';
export { recordFinishedRun } from './finished-run.js';
export { isModelUri, loadRegistered } from './load-registered.js';
export { MlflowTracker, type MlflowTrackerOptions } from './mlflow-tracker.js';
export { JOURNAL } from './read-journal.js';
export { registerPrompts, type RegisteredPrompts, type Registration } from './register-prompts.js';
export { foldersWithJournals, syncJournal, type SyncOptions } from './sync-journal.js';
export { TrackingError } from './tracking-error.js';
