import type { Dataset } from '../contracts/dataset.js';
import { Classifier } from '../model/classifier.js';
import { LEARNING, type ClassifierParts } from '../model/classifier-parts.js';
import { phaseParts, type LearningPart } from '../model/phase-parts.js';
import { headBegins, phaseFault, phaseSettings, type LearningSection, type PhaseSettings } from './phase-settings.js';
import { planPhase, type TrainingPlan } from './plan.js';
import { ConfigError } from '../errors.js';
import type { TrainSettings } from './settings.js';

/** One phase of a training: what learns in it, how, and for how long. */
export interface Phase {
  /** From 0. */
  readonly number: number;
  readonly settings: PhaseSettings;
  /** Sections whose parts have something to learn in it. */
  readonly learns: readonly LearningSection[];
  readonly plan: TrainingPlan;
  /** Computes as this phase does; its variables are those that learn. Shares them with the whole classifier; `forget` it after use. */
  readonly classifier: Classifier;
  /** Whether the head takes part from this phase on. */
  readonly headBegins: boolean;
}

/** The part of a classifier that a section of a configuration is about. */
const partOf: Readonly<Record<LearningSection, LearningPart>> = {
  prompt: 'learner',
  labels: 'aligner',
  head: 'head',
  tuning: 'tuning',
};

/**
 * The phases of a training.
 * @throws ConfigError where nothing learns in one of them, though something does in others
 */
export function trainingPhases(
  classifier: Classifier,
  settings: TrainSettings,
  dataset: Pick<Dataset, 'train' | 'classNames'>,
): readonly Phase[] {
  const { parts } = classifier;
  const learnable = learnableSections(parts);
  const fault = phaseFault(settings, learnable);
  if (fault) throw new ConfigError(fault.message, { where: fault.path.join('.'), remedy: fault.remedy });
  const phases = phaseSettings(settings);
  const begins = headBegins(phases, learnable.has('head'));
  return phases.map((own, number) => {
    const learns = new Set(own.learns.map((section) => partOf[section]));
    const whole = number >= begins && LEARNING.every((part) => learns.has(part));
    return {
      ...{ number, settings: own, headBegins: number === begins },
      learns: own.learns.filter((section) => learnable.has(section)),
      plan: planPhase(own, dataset),
      classifier: whole ? classifier : new Classifier(phaseParts(parts, { learns, headWaits: number < begins })),
    };
  });
}

/** How long all phases are together. */
export function lengthOf(phases: readonly Phase[]): Pick<TrainingPlan, 'steps' | 'epochs'> {
  return phases.reduce(({ steps, epochs }, { plan }) => ({ steps: steps + plan.steps, epochs: epochs + plan.epochs }), {
    steps: 0,
    epochs: 0,
  });
}

function learnableSections(parts: ClassifierParts): ReadonlySet<LearningSection> {
  const learns = (section: LearningSection): boolean =>
    section === 'head'
      ? parts.headProperties.learns !== false // a head may get its variables when it is prepared
      : Object.keys(parts[partOf[section]].variables).length > 0;
  return new Set((Object.keys(partOf) as LearningSection[]).filter(learns));
}
