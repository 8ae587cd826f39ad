import { randomClip } from '@promptweave/backbone-clip';
import { checkReadme, describeLabelAligner } from '@promptweave/core/testing';
import { it } from 'vitest';
import { plugins, shifted } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeLabelAligner(shifted, { backbone, fixedStart: () => true }); // shifts start at 0, whatever the seed

it('the README has the options that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
