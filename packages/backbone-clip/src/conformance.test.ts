import { fileURLToPath } from 'node:url';
import { describeBackbone } from '@promptweave/core/testing';
import { clip } from './plugin.js';

describeBackbone(clip, { options: [{}, { recompute: true }, { classChunk: 2 }] });

/** A SigLIP: no start token, no class token, full attention, a pooling head. */
describeBackbone(clip, {
  folder: fileURLToPath(new URL('../fixtures/siglip', import.meta.url)),
  options: [{ checkpoint: 'two' }, { checkpoint: 'two', pooled: 'all', recompute: true }],
});

/** A PE-Core: class token and pooling head, queries and keys turned by their places. */
describeBackbone(clip, {
  folder: fileURLToPath(new URL('../fixtures/pe', import.meta.url)),
  options: [{ checkpoint: 'class-open-clip' }, { checkpoint: 'bare', pooled: 'all', recompute: true }],
});

/** MetaCLIP 2s: the end is not the largest id, and texts have a start or none. */
describeBackbone(clip, {
  folder: fileURLToPath(new URL('../fixtures/metaclip-2', import.meta.url)),
  options: [{ checkpoint: 'xlm-v' }, { checkpoint: 'mt5-open-clip' }],
});
