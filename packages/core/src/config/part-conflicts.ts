import type { HeadProperties } from '../contracts/head.js';
import type { AlignerProperties, LearnerProperties } from '../contracts/parts.js';
import type { TuningProperties } from '../contracts/tuning.js';
import type { Registry } from '../plugin/registry.js';
import { headBegins, phaseSettings } from '../training/phase-settings.js';
import type { TrainSettings } from '../training/settings.js';
import type { LearningChoice } from './brought-losses.js';
import { optionsOf, type ResolvedPart } from './configuration.js';

/** What the chosen parts can do. */
export interface ChosenProperties {
  readonly learner: LearnerProperties;
  readonly aligner: AlignerProperties;
  readonly head: HeadProperties;
  readonly tuning: TuningProperties;
}

/** Parts that do not go together. */
export interface PartConflict {
  readonly path: readonly PropertyKey[];
  /** A sentence. */
  readonly message: string;
  /** What to do, sentences. */
  readonly remedy: string;
  /** The rule behind it, a sentence without names. */
  readonly rule: string;
}

const RULES = {
  unreadText: 'This head does not read the text features of a step, so nothing that moves them can learn beside it.',
  movedImages: 'This head keeps features of the training images, so nothing that moves them can learn beside it.',
  textOfImages: 'This head needs one text for all images, not one for each.',
  promptRows: 'This head reads the final states of vision prompts.',
  trainedLabels: 'This loss is about trained labels.',
  unmovedImages: 'This loss compares learned image features with frozen ones.',
  missingLoss: 'This rule works on a loss that must be among the losses.',
} as const;

/** The properties of the chosen parts with their options. */
export function propertiesOf(
  { prompt, labels, head, tuning }: Omit<LearningChoice, 'gradients'>,
  registry: Registry,
): ChosenProperties {
  return {
    learner: registry.get('prompt', prompt.use).properties(optionsOf(prompt)),
    aligner: registry.get('labels', labels.use).properties(optionsOf(labels)),
    head: registry.get('head', head.use).properties(optionsOf(head)),
    tuning: registry.get('tuning', tuning.use).properties(optionsOf(tuning)),
  };
}

/** What of a choice moves text features from step to step: the name of the part; undefined where nothing does. */
export function movesTexts({
  learner,
  aligner,
  tuning,
}: Omit<ChosenProperties, 'head'>): keyof LearningChoice | undefined {
  if (learner.learns !== false && learner.promptsText !== false) return 'prompt';
  if (aligner.trainsLabels) return 'labels';
  return tuning.tunesText ? 'tuning' : undefined;
}

/** Likewise for image features. */
export function movesImages({
  learner,
  tuning,
}: Pick<ChosenProperties, 'learner' | 'tuning'>): keyof LearningChoice | undefined {
  if (learner.promptsVision) return 'prompt';
  return tuning.tunesVision ? 'tuning' : undefined;
}

/** Whether nothing that moves text features learns any more when the head begins. */
function learnsBefore({ learner, aligner, tuning, head }: ChosenProperties, train: TrainSettings | undefined): boolean {
  if (!train) return false;
  const phases = phaseSettings(train);
  const begins = headBegins(phases, head.learns !== false);
  return phases.slice(begins).every(({ learns }) => {
    const moving = {
      learner: learns.includes('prompt') ? learner : { ...learner, learns: false },
      aligner: learns.includes('labels') ? aligner : { trainsLabels: false },
      tuning: learns.includes('tuning') ? tuning : { tunesText: false, tunesVision: false },
    };
    return movesTexts(moving) === undefined;
  });
}

/** Parts that do not go together, by what they say of themselves and never by their names; the same for a user's choice and for the support matrix. */
export function partConflicts(
  choice: LearningChoice & { readonly losses: readonly ResolvedPart[]; readonly train?: TrainSettings },
  registry: Registry,
): PartConflict[] {
  const properties = propertiesOf(choice, registry);
  const { learner, aligner, head } = properties;
  const use = (part: keyof LearningChoice): string => `${part}=${choice[part].use}`;
  const conflicts: PartConflict[] = [];
  const report = (rule: string, path: readonly PropertyKey[], message: string, remedy: string): void => {
    conflicts.push({ rule, path, message, remedy });
  };

  const textMover = movesTexts(properties);
  const imageMover = movesImages(properties);
  if (!head.readsText && textMover && !(head.startsFromText && learnsBefore(properties, choice.train))) {
    const message = `The head "${choice.head.use}" with these options does not read the text features of the step, so what ${use(textMover)} learns there would have no effect.`;
    report(
      RULES.unreadText,
      ['head'],
      message,
      head.startsFromText
        ? `Let the head learn in a second phase alone, which begins with these features (train.then={}), or choose another head.`
        : `Choose another head, an option of it that reads them, or a ${textMover} that learns nothing on the text side.`,
    );
  }
  if (head.needsConstantImages && imageMover) {
    const message = `The head "${choice.head.use}" keeps features of the training images, and ${use(imageMover)} moves image features while it learns.`;
    report(
      RULES.movedImages,
      ['head'],
      message,
      `Choose another head, or a ${imageMover} that leaves the vision tower as it is.`,
    );
  }
  if (head.takesTextOfImages === false && learner.dependsOnImage) {
    const message = `The head "${choice.head.use}" needs one text for all images, and ${use('prompt')} gives each image its own.`;
    report(RULES.textOfImages, ['head'], message, 'Choose another head, or another prompt.');
  }
  if (head.readsPromptRows && !learner.promptsVision) {
    const message = `The head "${choice.head.use}" reads the final states of vision prompts, and ${use('prompt')} has none.`;
    report(RULES.promptRows, ['head'], message, 'Choose another head, or a prompt that enters the vision tower.');
  }

  choice.losses.forEach((loss, index) => {
    const plugin = registry.get('loss', loss.use);
    if (plugin.needsTrainedLabels && !aligner.trainsLabels) {
      const message = `The loss "${loss.use}" needs labels that are trained, and the labels are "${choice.labels.use}".`;
      report(
        RULES.trainedLabels,
        ['losses', index],
        message,
        'Choose other labels (labels.use=lamm), or take the loss out.',
      );
    }
    if (plugin.needsMovedImages && !imageMover) {
      const message = `The loss "${loss.use}" compares learned image features with frozen ones, and neither ${use('prompt')} nor ${use('tuning')} learns on the image side.`;
      report(
        RULES.unmovedImages,
        ['losses', index],
        message,
        'Choose a prompt or a tuning that enters the vision tower, or take the loss out.',
      );
    }
  });
  for (const name of registry.get('gradients', choice.gradients.use).needsLosses ?? []) {
    if (choice.losses.some((loss) => loss.use === name)) continue;
    report(
      RULES.missingLoss,
      ['gradients'],
      `${use('gradients')} works on the loss "${name}", which is not among the losses.`,
      `Add ${name} to losses, or leave losses out.`,
    );
  }
  return conflicts;
}
