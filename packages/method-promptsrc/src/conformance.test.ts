import { randomClip } from '@promptweave/backbone-clip';
import { describeLoss } from '@promptweave/core/testing';
import { promptsrcImage, promptsrcLogits, promptsrcText } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

const templates = ['a photo of a {}.', 'art of the {}.', '{} texture.'];

describeLoss(promptsrcText, {
  backbone,
  options: [{ templates }, { templates, mean: 'directions' }],
  withoutGradient: (name) => name.startsWith('probe_vision'),
});
describeLoss(promptsrcImage, { backbone, withoutGradient: (name) => !name.startsWith('probe_vision') });
describeLoss(promptsrcLogits, { backbone, options: [{ templates }, { templates, mean: 'directions', per: 'image' }] });
