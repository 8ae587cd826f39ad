import { join } from 'node:path';
import { FeatureLibrary } from '@promptweave/bench';
import { ConfigError } from '@promptweave/core';
import { cacheFolder, describeComputation, type BackendChoice } from '@promptweave/runtime';

/** Megabytes of image features that are kept where nothing else is asked for. */
const MEGABYTES = 1024;

/**
 * The user's image features: `features` in the cache folder, at most `PROMPTWEAVE_FEATURES_MB` megabytes; 0 keeps none. Where that cannot be written,
 * a note says so.
 * @throws ConfigError where that is no number
 */
export function featureLibrary(backend: BackendChoice, onNote: (note: string) => void): FeatureLibrary | undefined {
  const asked = process.env.PROMPTWEAVE_FEATURES_MB;
  const megabytes = asked === undefined ? MEGABYTES : Number(asked);
  if (!(megabytes >= 0)) {
    throw new ConfigError(`"${asked}" is no number of megabytes.`, {
      where: 'PROMPTWEAVE_FEATURES_MB',
      remedy: 'Set a number of megabytes; 0 keeps no image features on disk.',
    });
  }
  if (megabytes === 0) return undefined;
  return new FeatureLibrary(join(cacheFolder(), 'features'), describeComputation(backend), megabytes * 2 ** 20, onNote);
}
