import { definePlugin } from '@promptweave/core';
import { clipIdentity, clipShape, loadClip } from './load-clip.js';
import { clipOptions } from './options.js';

export const clip = definePlugin({
  kind: 'backbone',
  name: 'clip',
  description: 'CLIP with two transformers, or SigLIP, frozen (arXiv 2103.00020, 2303.15343).',
  options: clipOptions,
  create: ({ folder, fast }, options) => loadClip(options, folder, fast),
  identity: ({ folder }, options) => clipIdentity(options, folder),
  shape: ({ folder }, options) => clipShape(options, folder),
});

/** The plugins of this package. */
export const plugins = [clip];
