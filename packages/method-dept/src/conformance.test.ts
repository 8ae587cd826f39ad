import { randomClip } from '@promptweave/backbone-clip';
import { describeHead } from '@promptweave/core/testing';
import { dept } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeHead(dept, {
  backbone,
  options: [{}, { probeWeight: 1 }],
  fixedStart: (name) => name.startsWith('film'),
});
