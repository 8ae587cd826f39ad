import { normalise, type FixtureDescription, type Observer } from '@promptweave/core';
import type { MmrlHead } from './mmrl-head.js';

/** Recorded names of the terms. */
const NAMES = {
  'mmrl/tokens': 'loss_ce_rep',
  'mmrl/image': 'loss_reg_image',
  'kgcoop/knowledge': 'loss_reg_text',
} as const;

/** What recorded runs of MMRL have besides: terms, and both kinds of logits. */
export function mmrlObserver({ template }: FixtureDescription): Observer {
  return ({ step, outcome }) => {
    const { promptRows, texts, parts, logits, answers, frozenImageFeatures } = step;
    const head = parts.head as MmrlHead;
    const terms = Object.entries(NAMES).flatMap(([term, name]) => {
      const found = outcome?.terms[term];
      return found ? [[name, [found.value]] as const] : [];
    });
    return {
      ...Object.fromEntries(terms),
      logits: answers,
      class_logits: logits,
      rep_logits: head.tokenLogits(promptRows!, texts[0]!.features, parts.backbone.logitScale),
      image_features_rep: head.tokenFeatures(promptRows!),
      zero_shot_image_features: frozenImageFeatures,
      origin_text_features: normalise(step.reference(template!).encoding.features),
    };
  };
}
