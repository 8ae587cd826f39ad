import { fileURLToPath } from 'node:url';
import { describeBackbone } from '@promptweave/core/testing';
import { clip } from './plugin.js';

describeBackbone(clip, { options: [{}, { recompute: true }, { classChunk: 2 }] });

/** A SigLIP: no start token, no class token, full attention, a pooling head. */
describeBackbone(clip, {
  folder: fileURLToPath(new URL('../fixtures/siglip', import.meta.url)),
  options: [{ checkpoint: 'two' }, { checkpoint: 'two', pooled: 'all', recompute: true }],
});
