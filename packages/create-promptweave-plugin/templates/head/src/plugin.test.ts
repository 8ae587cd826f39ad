import { randomClip } from '@promptweave/backbone-clip';
import { checkReadme, describeHead } from '@promptweave/core/testing';
import { it } from 'vitest';
import { linearMap, plugins } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeHead(linearMap, { backbone, options: [{}, { alpha: 0.5 }], fixedStart: () => true }); // the map starts at 0

it('the README has the options that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
