import { randomClip } from '@promptweave/backbone-clip';
import { handCraftedPrompt } from '@promptweave/core/experiment';
import { describeLabelAligner, describeLoss } from '@promptweave/core/testing';
import { lamm, lammFeature, lammHierarchical, lammLogits, lammParameter } from './plugin.js';

const backbone = () =>
  randomClip({
    seed: 4,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });

describeLabelAligner(lamm, {
  backbone,
  options: [{}, { tokens: 'first' }, { tokens: 'all' }, { slot: 'released' }, { slot: 'released', tokens: 'first' }],
  fixedStart: () => true,
});

const onProbe = { backbone, labels: { plugin: lamm } };
const onClip = { ...onProbe, prompt: { plugin: handCraftedPrompt } };
const isPrompt = (name: string) => name.startsWith('probe');
const isVisionPrompt = (name: string) => name.startsWith('probe_vision');

// The anchors count as constants in feature space, although they move with the text prompts.
describeLoss(lammHierarchical, {
  ...onProbe,
  options: [{}, { parameterWeight: 0, temperature: 1 }, { logitsWeight: 1, featureWeight: 0 }],
  stoppedGradient: (name, { featureWeight }) => isPrompt(name) && featureWeight !== 0,
});
describeLoss(lammHierarchical, {
  ...onClip,
  options: [{}, { detach: 'anchor' }],
});
describeLoss(lammParameter, { ...onProbe, withoutGradient: isPrompt });
describeLoss(lammFeature, { ...onProbe, withoutGradient: isVisionPrompt, stoppedGradient: isPrompt });
describeLoss(lammFeature, onClip);
describeLoss(lammLogits, {
  ...onProbe,
  options: [{}, { temperature: 1 }, { detach: 'anchor' }],
  stoppedGradient: (name, { detach }) => isPrompt(name) && detach !== 'none',
});
describeLoss(lammLogits, {
  ...onProbe,
  options: [{ detach: 'learned' }],
  withoutGradient: (name) => name === 'token_classes',
  stoppedGradient: isPrompt,
});
