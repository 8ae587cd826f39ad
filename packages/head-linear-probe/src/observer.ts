import * as tf from '@tensorflow/tfjs-core';
import type { FixtureDescription, Observer } from '@promptweave/core';
import type { ZeroShotLinearProbeHead } from './zero-shot-linear-probe-head.js';

/** What recorded runs of CLAP have: the text features, the constraint, its weights at the start and after each epoch. */
export function clapObserver({ hyper }: FixtureDescription): Observer {
  const multipliers: number[] = [];
  return ({ at, step, outcome, material }) => {
    const head = step.parts.head as ZeroShotLinearProbeHead;
    const constraint = outcome?.terms['clap/constraint'];
    if (at === 'step') return { loss_constraint: constraint && [constraint.value] };
    if (at === 'start' || (at === 'epoch' && hyper.constraint === 'l2-adaptative'))
      multipliers.push(...(head.shown.multipliers?.dataSync() ?? []));
    if (at === 'epoch') return {};
    const support = material?.train.views;
    return {
      base_text_features: head.shown.texts,
      support_zero_shot_logits: support && head.zeroShotLogits(tf.concat([...support]), step.parts.backbone.logitScale),
      multipliers: [...multipliers],
    };
  };
}
