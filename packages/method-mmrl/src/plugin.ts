import { ConfigError, definePlugin } from '@promptweave/core';
import { ImageTerm } from './image-term.js';
import { MmrlHead } from './mmrl-head.js';
import { MmrlLearner } from './mmrl-learner.js';
import { mmrlObserver } from './observer.js';
import { headOptions, imageOptions, learnerOptions } from './options.js';
import { presets } from './presets.js';

const regularised = (weight: unknown, template?: string) => [
  { use: 'mmrl/image', weight: weight as number },
  { use: 'kgcoop/knowledge', weight: weight as number, variant: 'released', ...(template && { template }) },
];

export const mmrlPrompt = definePlugin({
  kind: 'prompt',
  name: 'mmrl',
  description: 'MMRL: representation tokens that enter the later layers of both towers (arXiv 2503.08497).',
  options: learnerOptions,
  properties: () => ({ promptsVision: true, dependsOnImage: false, novelClasses: 'swap', needsClassToken: true }),
  losses: ({ regularisation, template }) => regularised(regularisation, template),
  create: (context, options) => new MmrlLearner(context, options),
  presets,
  fixture: ({ kind, hyper }) => {
    if (kind !== 'mmrl') return undefined;
    const layers = hyper.layers as number[];
    if (layers.some((layer, i) => layer !== layers[0]! + i)) {
      throw new ConfigError(`The run has tokens in the layers ${layers.join(', ')}, which do not follow each other.`, {
        where: 'hyper.layers',
        remedy: 'Take a run with consecutive layers.',
      });
    }
    return {
      prompt: {
        use: 'mmrl',
        tokens: hyper.n_rep_tokens,
        width: hyper.rep_dim,
        first: layers[0],
        last: layers.at(-1),
      },
      losses: regularised(hyper.reg_weight),
    };
  },
  observer: mmrlObserver,
});

export const mmrlHead = definePlugin({
  kind: 'head',
  name: 'mmrl',
  description: "MMRL's two read-outs: of the class token and of the representation tokens (arXiv 2503.08497).",
  options: headOptions,
  properties: () => ({ novelClasses: 'cosine', readsText: true, readsPromptRows: true, takesTextOfImages: false }),
  losses: ({ alpha }) => [{ use: 'cross-entropy', weight: alpha }],
  create: (context, options) => MmrlHead.create(context, options),
  fixture: ({ kind, hyper }) =>
    kind === 'mmrl'
      ? {
          head: { use: 'mmrl', alpha: hyper.alpha, logitScale: hyper.logit_scale },
          losses: [{ use: 'cross-entropy', weight: hyper.alpha }],
        }
      : undefined,
});

export const mmrlImage = definePlugin({
  kind: 'loss',
  name: 'mmrl/image',
  description: 'MMRL: keeps image features near those of the frozen tower for the same pictures (arXiv 2503.08497).',
  options: imageOptions,
  needsMovedImages: true,
  create: () => new ImageTerm(),
});

/** The plugins of this package. */
export const plugins = [mmrlPrompt, mmrlHead, mmrlImage];
