import { randomClip } from '@promptweave/backbone-clip';
import { describeLoss, describePromptLearner, type ParsedOptions } from '@promptweave/core/testing';
import { comma, commaKnowledge } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 3,
    vision: { width: 32, layers: 3, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 16, layers: 3, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

/** Whether gradients flow through the generated vision prompts. */
const flows = ({ variant, generatorGradient }: ParsedOptions) => generatorGradient ?? variant === 'paper';

describePromptLearner(comma, {
  backbone,
  options: [
    { depth: 1 },
    { depth: 2 },
    { depth: 3 },
    { depth: 3, contextLength: 4 },
    { depth: 3, contextLength: 3, contextInit: '' },
    { depth: 3, generator: 'attention' },
    { depth: 3, lateBlocks: 3 },
    { depth: 3, repeatLateBlock: true, lateBlocks: 2 },
    { depth: 3, generatorGradient: false },
    { depth: 1, variant: 'released' },
    { depth: 2, variant: 'released' },
    { depth: 3, variant: 'released' },
    { depth: 3, variant: 'released', lateBlocks: 2 },
    { depth: 3, variant: 'released', lateBlocks: 3, repeatLateBlock: false },
    { depth: 3, variant: 'released', generator: 'attention' },
    { depth: 3, variant: 'released', generatorGradient: true },
  ],
  withoutGradient: (name, options) => name.startsWith('compound_prompt_projections_image') && !flows(options),
  // Without that flow the generated prompts count as constants, although they move with the prompts they come from.
  stoppedGradient: (_, options) => options.depth !== 1 && !flows(options),
  fixedStart: (name, { contextInit }) =>
    (name === 'ctx' && contextInit !== '') || /\.ln\.(weight|bias)$/.test(name) || name === 'compound_prompts_image',
});

describeLoss(commaKnowledge, {
  backbone,
  options: [
    {},
    { tokens: 'all' },
    { tokens: 'eot' },
    { lateBlocks: 2 },
    { lateBlocks: 3, reduce: 'sum' },
    { lateBlocks: 2, tokens: 'all', reduce: 'sum' },
    { template: 'a centered photo of {}.' },
    { template: 'a drawing of {}' },
  ],
  withoutGradient: (name) => name.startsWith('probe_vision'),
});
