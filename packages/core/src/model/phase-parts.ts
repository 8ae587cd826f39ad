import * as tf from '@tensorflow/tfjs-core';
import { CosineHead, cosineProperties } from '../builtin/cosine-head.js';
import type { Backbone } from '../contracts/backbone.js';
import type { Head } from '../contracts/head.js';
import type { LabelAligner, PromptLearner } from '../contracts/parts.js';
import type { Tuning } from '../contracts/tuning.js';
import { backboneWith } from './backbone-view.js';
import { imagesAreConstant, type ClassifierParts, type LEARNING } from './classifier-parts.js';
import { encodeImages } from './encode-images.js';
import { withoutTape } from './without-tape.js';

/** A kind of part that learns. */
export type LearningPart = (typeof LEARNING)[number];

/** What of a classifier takes part in a phase of its training. */
export interface PhaseRoles {
  readonly learns: ReadonlySet<LearningPart>;
  /** The cosine takes the place of the head. */
  readonly headWaits: boolean;
}

/**
 * The parts of a classifier as they are in a phase: what does not learn keeps its values, has no variables, and draws no random numbers. Where
 * nothing learns on the image side, image features are constants of this phase. Nothing is copied, and nothing has to be freed.
 */
export function phaseParts(parts: ClassifierParts, { learns, headWaits }: PhaseRoles): ClassifierParts {
  const { aligner, headProperties, tuningProperties } = parts;
  const learner = learns.has('learner') ? parts.learner : frozenLearner(parts.learner);
  const tuning = learns.has('tuning') ? parts.tuning : frozenTuning(parts.tuning);
  const head = headWaits
    ? { head: new CosineHead(aligner.classNames), headProperties: cosineProperties }
    : { head: learns.has('head') ? parts.head : frozenHead(parts.head), headProperties };
  const frozen: ClassifierParts = {
    ...{ ...parts, learner, tuning, ...head },
    aligner: learns.has('aligner') ? aligner : frozenAligner(aligner),
    tuningProperties: learns.has('tuning') ? tuningProperties : { ...tuningProperties, tunesText: false },
  };
  return imagesSettle(parts, frozen, learns) ? withSettledImages(parts, frozen) : frozen;
}

/** Whether the vision tower is changed by what was learned before, and by nothing in this phase. */
function imagesSettle(
  parts: ClassifierParts,
  { headProperties, needs }: ClassifierParts,
  learns: ReadonlySet<LearningPart>,
): boolean {
  if (imagesAreConstant(parts)) return false;
  const { learnerProperties, tuningProperties } = parts;
  const moves =
    (learnerProperties.promptsVision && learns.has('learner')) ||
    (tuningProperties.tunesVision && learns.has('tuning'));
  // Features that are constant are all that is known of an image: not what it was before, nor other rows.
  return !moves && !needs.frozenImages && !headProperties.readsPromptRows;
}

/** What was learned on the image side becomes a property of the backbone. */
function withSettledImages(
  { backbone, learner, learnerProperties, tuning }: ClassifierParts,
  frozen: ClassifierParts,
): ClassifierParts {
  const settled: Backbone['encodeImages'] = (images) =>
    withoutTape(() =>
      tf.tidy(() => {
        const prompts = learnerProperties.promptsVision ? learner.prompts().vision : undefined;
        return encodeImages({ backbone, headProperties: cosineProperties }, images, prompts, tuning.towers().vision)
          .features;
      }),
    );
  const { promptsVision } = learnerProperties;
  const { tunesVision } = frozen.tuningProperties;
  return {
    ...frozen,
    backbone: backboneWith(backbone, { encodeImages: settled }),
    ...(promptsVision && {
      learner: withoutVision(frozen.learner),
      learnerProperties: { ...learnerProperties, promptsVision: false },
    }),
    ...(tunesVision && {
      tuning: ofTextAlone(frozen.tuning),
      tuningProperties: { ...frozen.tuningProperties, tunesVision: false },
    }),
  };
}

const kept = { variables: {}, dispose: () => undefined };

function frozenLearner(learner: PromptLearner): PromptLearner {
  const { template, furtherTemplates, textBlocks, withClasses } = learner;
  return {
    ...kept,
    ...{ template, furtherTemplates, textBlocks },
    prompts: (images) => learner.prompts(images),
    ...(withClasses && { withClasses: (names) => frozenLearner(learner.withClasses!(names)) }),
  };
}

/** A frozen learner that leaves the vision tower to the backbone. */
function withoutVision(learner: PromptLearner): PromptLearner {
  return {
    ...learner,
    prompts: (images) => {
      const { vision: _, ...text } = learner.prompts(images);
      return text;
    },
  };
}

function frozenAligner(aligner: LabelAligner): LabelAligner {
  return {
    ...kept,
    classNames: aligner.classNames,
    labels: () => aligner.labels(),
    anchors: () => aligner.anchors(),
    ...(aligner.trained && { trained: () => aligner.trained!() }),
    withClasses: (names) => aligner.withClasses(names),
  };
}

function frozenHead(head: Head): Head {
  return {
    ...kept,
    classNames: head.classNames,
    logits: (input) => head.logits(input),
    ...(head.terms && { terms: (step) => head.terms!(step) }),
    withClasses: (names) => head.withClasses(names),
  };
}

/** A frozen tuning that leaves the vision tower to the backbone. */
function ofTextAlone(tuning: Tuning): Tuning {
  return { ...kept, towers: () => ({ text: tuning.towers().text }) };
}

/** Without dropout: what is random in a tuning is so for its own sake. */
function frozenTuning(tuning: Tuning): Tuning {
  return { ...kept, towers: () => tuning.towers() };
}
