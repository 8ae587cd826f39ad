export { cacheFolder } from './cache-folder.js';
export { installRuntime, type InstallOptions } from './install/install.js';
export { type Installation, listRuntimes, removeRuntime } from './install/installation.js';
export type { InstallProgress, OnProgress } from './install/progress.js';
export { type BackendChoice, type BackendName, backendNames, selectBackend } from './select-backend.js';
