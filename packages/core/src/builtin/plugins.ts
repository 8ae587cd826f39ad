import type { Plugin } from '../plugin/define-plugin.js';
import { cosineHead } from './cosine-head.js';
import { crossEntropy } from './cross-entropy.js';
import { fewShot } from './few-shot.js';
import { frozenLabels } from './frozen-labels.js';
import { handCraftedPrompt } from './hand-crafted-prompt.js';
import { localTracker } from './local-tracker.js';
import { noTuning } from './no-tuning.js';
import { sigmoidLoss } from './sigmoid-loss.js';
import { sumOfGradients } from './sum-of-gradients.js';

/** Core's own plugins. They are there whatever a configuration lists. */
export const builtinPlugins: readonly Plugin[] = [
  handCraftedPrompt,
  frozenLabels,
  cosineHead,
  noTuning,
  crossEntropy,
  sigmoidLoss,
  sumOfGradients,
  fewShot,
  localTracker,
];
