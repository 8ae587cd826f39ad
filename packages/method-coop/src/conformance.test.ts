import { randomClip } from '@promptweave/backbone-clip';
import { describeLoss, describePromptLearner } from '@promptweave/core/testing';
import { cocoop, coop, kgcoopKnowledge } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

const fromWords = ({ contextInit }: Readonly<Record<string, unknown>>) => contextInit !== '';

describePromptLearner(coop, {
  backbone,
  options: [
    {},
    { contextLength: 1 },
    { contextLength: 5, contextInit: '' },
    { namePosition: 'middle' },
    { namePosition: 'middle', contextLength: 3, contextInit: '' },
    { namePosition: 'front' },
    { classSpecific: true },
    { classSpecific: true, contextLength: 3, contextInit: '', namePosition: 'middle' },
    { classSpecific: true, namePosition: 'front' },
  ],
  fixedStart: (_, options) => fromWords(options),
});

describePromptLearner(cocoop, {
  backbone,
  options: [{ reduction: 2 }, { reduction: 4, contextLength: 2 }, { reduction: 2, contextLength: 3, contextInit: '' }],
  fixedStart: (name, options) => name === 'ctx' && fromWords(options),
});

describeLoss(kgcoopKnowledge, {
  backbone,
  options: [{}, { template: 'a centered photo of {}.' }],
  withoutGradient: (name) => name.startsWith('probe_vision'),
});
