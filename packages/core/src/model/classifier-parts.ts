import type { Backbone } from '../contracts/backbone.js';
import type { Loss } from '../contracts/loss.js';
import type { AlignerProperties, LabelAligner, LearnerProperties, PromptLearner } from '../contracts/parts.js';
import type { LossNeeds } from '../contracts/step.js';
import type { FrozenTexts } from './frozen-texts.js';

/** A loss and its weight in the total. */
export interface WeightedLoss {
  readonly loss: Loss;
  readonly weight: number;
}

/** The parts that a classifier is composed of. */
export interface ClassifierParts {
  readonly backbone: Backbone;
  readonly learner: PromptLearner;
  readonly learnerProperties: LearnerProperties;
  readonly aligner: LabelAligner;
  readonly alignerProperties: AlignerProperties;
  readonly losses: readonly WeightedLoss[];
  /** Where results of the text tower are kept in which nothing is learned. */
  readonly texts?: FrozenTexts;
  /** What the losses need together. */
  readonly needs: LossNeeds;
}

/** Everything that the losses need. */
export function unionOfNeeds(losses: readonly WeightedLoss[]): LossNeeds {
  const needs = losses.map(({ loss }) => loss.needs);
  return {
    lateBlocks: Math.max(0, ...needs.map((need) => need.lateBlocks ?? 0)),
    padding: needs.some((need) => need.padding),
    anchors: needs.some((need) => need.anchors),
  };
}
