import { randomClip } from '@promptweave/backbone-clip';
import { describeTuning } from '@promptweave/core/testing';
import { bias, layerNorm, lora } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 2,
    vision: { width: 16, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 16, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeTuning(lora, {
  backbone,
  options: [
    {},
    { encoder: 'vision', visionBlocks: [1], layers: ['o', 'up', 'down'], rank: 3, alpha: 2, scaling: 'rank' },
    { encoder: 'text', textBlocks: [0], dropout: 0, inputGradient: 'frozen' },
  ],
  fixedStart: (name) => name.endsWith('w_lora_B'),
});

describeTuning(layerNorm, {
  backbone,
  options: [{}, { norms: 'all', encoder: 'vision' }, { norms: 'all', textBlocks: [1], encoder: 'text' }],
  fixedStart: () => true,
});

describeTuning(bias, {
  backbone,
  options: [{}, { layers: ['down'], norms: false, encoder: 'text' }],
  fixedStart: () => true,
});
