import { definePlugin } from '@promptweave/core';
import { clipIdentity, clipShape, loadClip } from './load-clip.js';
import { clipOptions } from './options.js';

export const clip = definePlugin({
  kind: 'backbone',
  name: 'clip',
  description:
    'CLIP with two transformers, MetaCLIP 2, SigLIP or PE-Core, frozen (arXiv 2103.00020, 2507.22062, 2303.15343, 2504.13181).',
  options: clipOptions,
  create: ({ folder, fast, precision }, options) => loadClip(options, folder, { fast, precision }),
  identity: ({ folder }, options) => clipIdentity(options, folder),
  shape: ({ folder }, options) => clipShape(options, folder),
});

/** The plugins of this package. */
export const plugins = [clip];
