import type { Backbone } from '@promptweave/core';
import { randomClip } from '../random-clip.js';

/** A small CLIP with random weights. The suites of `@promptweave/core/testing` are tried on it here, for core knows no tower with blocks. */
export const backbone = (): Backbone =>
  randomClip({
    seed: 6,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 16, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

/** How a check ended. */
export const failure = (check: Promise<void>): Promise<Error> =>
  check.then(
    () => new Error('It passed.'),
    (error: Error) => error,
  );
