export { architectureOf, type ArchitectureHints, type ClipArchitecture } from './clip-architecture.js';
export type { HubOptions } from './hub.js';
export { hubDownload } from './hub-download.js';
export {
  loadClipCheckpoint,
  openClipCheckpoint,
  type ClipCheckpointOptions,
  type ClipWeights,
} from './load-clip-checkpoint.js';
export { readTorchStateDict, type TorchStateDict } from './torch/read-torch-state-dict.js';
