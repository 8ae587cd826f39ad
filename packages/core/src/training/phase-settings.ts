import { learningSections, type TrainSettings } from './settings.js';

/** A kind of part that learns, by its section of a configuration. */
export type LearningSection = (typeof learningSections)[number];

/** The settings of one phase: what its own say, and what the first phase says. */
export type PhaseSettings = Omit<TrainSettings, 'then' | 'learns'> & { readonly learns: readonly LearningSection[] };

/** The phases that the settings mean, one or two. */
export function phaseSettings({ then, learns, ...first }: TrainSettings): readonly PhaseSettings[] {
  if (!then) return [{ ...first, learns: learns ?? learningSections }];
  const others = learningSections.filter((section) => section !== 'head');
  const { steps: _steps, stepsPerShot: _perShot, ...rest } = first;
  const ownLength = then.epochs !== undefined || then.steps !== undefined || then.stepsPerShot !== undefined;
  return [
    { ...first, learns: learns ?? others },
    { ...(ownLength ? rest : first), ...then, learns: then.learns ?? ['head'] },
  ];
}

/** What is wrong with phases. */
export interface PhaseFault {
  readonly path: readonly string[];
  /** A sentence. */
  readonly message: string;
  readonly remedy: string;
}

/**
 * @param learnable sections whose parts have something to learn
 * @returns what makes no sense: a phase in which nothing learns, a head that never does; undefined where all is well, or nothing learns at all
 */
export function phaseFault(settings: TrainSettings, learnable: ReadonlySet<LearningSection>): PhaseFault | undefined {
  if (learnable.size === 0) return undefined;
  const phases = phaseSettings(settings);
  const can = [...learnable].join(', ');
  const idle = phases.findIndex(({ learns }) => !learns.some((section) => learnable.has(section)));
  if (idle >= 0) {
    const where = phases.length === 1 ? 'this training' : ['the first phase', 'the second phase'][idle]!;
    const named = phases[idle]!.learns.join(', ');
    return {
      path: ['train', ...(idle === 0 ? [] : ['then']), 'learns'],
      message: `Nothing learns in ${where}: it is for ${named}, and of these parts none has anything to learn.`,
      remedy: `Name parts that learn (here: ${can})${idle === 0 ? '' : ', or leave train.then out'}.`,
    };
  }
  if (learnable.has('head') && !phases.some(({ learns }) => learns.includes('head'))) {
    return {
      path: ['train', 'learns'],
      message: 'The head learns in no phase, and would end as it begins.',
      remedy: 'Add head to train.learns or train.then.learns, or choose head=cosine.',
    };
  }
  return undefined;
}

/** Number of the phase in which the head begins to take part: where it first learns, or at once where it never does. */
export function headBegins(phases: readonly PhaseSettings[], learns: boolean): number {
  return learns
    ? Math.max(
        0,
        phases.findIndex((phase) => phase.learns.includes('head')),
      )
    : 0;
}
