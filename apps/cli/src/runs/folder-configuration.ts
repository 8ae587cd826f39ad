import { statSync } from 'node:fs';
import type { Configuration } from '@promptweave/core/experiment';

/** Whether a path is a folder, of photos then, rather than a configuration file. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** What a folder of class folders is trained with where nothing else is said; `promptweave init` writes the same. */
export function folderConfiguration(path: string): Configuration {
  return {
    dataset: { use: 'folder', path, shots: 16 },
    backbone: { use: 'clip', checkpoint: EMBEDDED },
    prompt: { use: 'coop' },
    labels: { use: 'lamm' },
    train: { epochs: 20, batch: 4, learningRate: 0.005, onBadImage: 'skip' },
  };
}

/** The small CLIP that comes with the program. */
export const EMBEDDED = 'icons';

/** The CLIP that photos need. */
export const FOR_PHOTOS = 'openai/clip-vit-base-patch16';

/** What is said where the small CLIP is taken because nothing was said. */
export const NOTE_ON_EMBEDDED = `Computed with the small CLIP that comes with promptweave, which knows drawings. For photos: backbone.checkpoint=${FOR_PHOTOS} (600 MB, downloaded once).`;
