import { randomClip } from '@promptweave/backbone-clip';
import { checkReadme, describeTuning } from '@promptweave/core/testing';
import { it } from 'vitest';
import { adapters, plugins } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 2,
    vision: { width: 16, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 16, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeTuning(adapters, { backbone, options: [{}, { rank: 2 }], fixedStart: (name) => name.endsWith('.up') });

it('the README has the options that there are', () => {
  checkReadme(new URL('../README.md', import.meta.url), plugins);
});
