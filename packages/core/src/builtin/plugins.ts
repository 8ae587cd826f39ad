import type { Plugin } from '../plugin/define-plugin.js';
import { crossEntropy } from './cross-entropy.js';
import { fewShot } from './few-shot.js';
import { frozenLabels } from './frozen-labels.js';
import { handCraftedPrompt } from './hand-crafted-prompt.js';
import { localTracker } from './local-tracker.js';

/** Core's own plugins. They are there whatever a configuration lists. */
export const builtinPlugins: readonly Plugin[] = [handCraftedPrompt, frozenLabels, crossEntropy, fewShot, localTracker];
