import { randomClip } from '@promptweave/backbone-clip';
import { describePromptLearner } from '@promptweave/core/testing';
import { ivlp, language, maple, vpt } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 2,
    vision: { width: 32, layers: 3, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 16, layers: 3, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

const startsFromWords = (name: string, { contextInit }: Readonly<Record<string, unknown>>) =>
  name === 'ctx' && contextInit !== '';

describePromptLearner(maple, {
  backbone,
  options: [
    { depth: 1 },
    { depth: 2, contextLength: 4 },
    { depth: 3 },
    { depth: 3, contextInit: '', contextLength: 3 },
    { depth: 3, variant: 'released' },
  ],
  fixedStart: startsFromWords,
});

describePromptLearner(vpt, {
  backbone,
  options: [
    { visionDepth: 1 },
    { visionDepth: 2, visionLength: 1 },
    { visionDepth: 3, template: 'a centered photo of {}.' },
  ],
});

describePromptLearner(language, {
  backbone,
  options: [{ depth: 1 }, { depth: 2, contextLength: 2 }, { depth: 3, contextInit: '', contextLength: 3 }],
  fixedStart: startsFromWords,
});

describePromptLearner(ivlp, {
  backbone,
  options: [
    { depth: 1, visionDepth: 1 },
    { depth: 3, visionDepth: 3 },
    { depth: 2, visionDepth: 3, visionLength: 4 },
    { depth: 3, visionDepth: 1, contextInit: '', contextLength: 3 },
  ],
  fixedStart: startsFromWords,
});
