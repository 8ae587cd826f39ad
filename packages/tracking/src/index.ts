export { type Delivered } from './delivery.js';
export { MlflowTracker, type MlflowTrackerOptions } from './mlflow-tracker.js';
export { JOURNAL } from './read-journal.js';
export { foldersWithJournals, syncJournal, type SyncOptions } from './sync-journal.js';
export { eventsOf, metricsOf, trackExperiment, type RunName } from './track-experiment.js';
export { TrackingError } from './tracking-error.js';
