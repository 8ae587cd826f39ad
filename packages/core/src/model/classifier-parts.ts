import type { Backbone } from '../contracts/backbone.js';
import type { GradientRule } from '../contracts/gradient-rule.js';
import type { Head, HeadProperties } from '../contracts/head.js';
import type { Loss } from '../contracts/loss.js';
import type { AlignerProperties, LabelAligner, LearnerProperties, PromptLearner } from '../contracts/parts.js';
import type { LossNeeds } from '../contracts/step.js';
import type { Tuning, TuningProperties } from '../contracts/tuning.js';
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
  readonly head: Head;
  readonly headProperties: HeadProperties;
  readonly tuning: Tuning;
  readonly tuningProperties: TuningProperties;
  readonly losses: readonly WeightedLoss[];
  readonly rule: GradientRule;
  /** Where results of the text tower are kept in which nothing is learned. */
  readonly texts?: FrozenTexts;
  /** What the losses need together. */
  readonly needs: LossNeeds;
}

/** The kinds of parts that learn, in the order in which their variables are listed. */
export const LEARNING = ['learner', 'aligner', 'head', 'tuning'] as const;

/** Whether the vision tower gives what it gives without any learned part. */
export function imagesAreConstant({
  learnerProperties,
  tuningProperties,
}: Pick<ClassifierParts, 'learnerProperties' | 'tuningProperties'>): boolean {
  return !learnerProperties.promptsVision && !tuningProperties.tunesVision;
}

/** Whether text features are the same in every step. */
export function textsAreConstant({
  learner,
  learnerProperties,
  aligner,
  tuningProperties,
}: Pick<ClassifierParts, 'learner' | 'learnerProperties' | 'aligner' | 'tuningProperties'>): boolean {
  const learned = Object.keys(learner.variables).length + Object.keys(aligner.variables).length;
  return learned === 0 && !learnerProperties.dependsOnImage && !tuningProperties.tunesText;
}

/** Everything that the losses need. */
export function unionOfNeeds(losses: readonly WeightedLoss[]): LossNeeds {
  const needs = losses.map(({ loss }) => loss.needs);
  return {
    lateBlocks: Math.max(0, ...needs.map((need) => need.lateBlocks ?? 0)),
    padding: needs.some((need) => need.padding),
    anchors: needs.some((need) => need.anchors),
    frozenImages: needs.some((need) => need.frozenImages),
  };
}
