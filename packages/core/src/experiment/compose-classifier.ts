import {
  optionsOf,
  type ResolvedConfiguration,
  type ResolvedLoss,
  type ResolvedPart,
} from '../config/configuration.js';
import type { PartContext } from '../contracts/parts.js';
import { ConfigError } from '../errors.js';
import { Classifier } from '../model/classifier.js';
import type { FrozenTexts } from '../model/frozen-texts.js';
import type { LossChoice } from '../plugin/define-plugin.js';
import type { Registry } from '../plugin/registry.js';

/** The parts of a classifier, with all of their options. */
export type ClassifierChoice = Pick<ResolvedConfiguration, 'prompt' | 'labels' | 'losses'>;

/**
 * Makes prompt learner, label aligner and losses, and composes them.
 * @param texts where text features in which nothing is learned are kept
 * @throws ConfigError where a loss needs labels that are trained and none are, and of whichever part cannot be made; what was made before
 * it is freed.
 */
export function composeClassifier(
  registry: Registry,
  context: PartContext,
  { prompt, labels, losses }: ClassifierChoice,
  texts?: FrozenTexts,
): Classifier {
  const learnerPlugin = registry.get('prompt', prompt.use);
  const alignerPlugin = registry.get('labels', labels.use);
  const alignerProperties = alignerPlugin.properties(optionsOf(labels));
  const unfit = losses.find(({ use }) => registry.get('loss', use).needsTrainedLabels);
  if (unfit && !alignerProperties.trainsLabels) {
    throw new ConfigError(
      `The loss "${unfit.use}" needs labels that are trained, and the labels are "${labels.use}".`,
      {
        where: 'losses',
        remedy: 'Choose other labels (labels.use=lamm), or take the loss out.',
      },
    );
  }
  const made: { dispose(): void }[] = [];
  const keep = <T extends { dispose(): void }>(part: T): T => {
    made.push(part);
    return part;
  };
  try {
    return new Classifier({
      backbone: context.backbone,
      texts,
      learner: keep(learnerPlugin.create(context, optionsOf(prompt))),
      learnerProperties: learnerPlugin.properties(optionsOf(prompt)),
      aligner: keep(alignerPlugin.create(context, optionsOf(labels))),
      alignerProperties,
      losses: losses.map((loss) => ({
        loss: keep(registry.get('loss', loss.use).create(context, optionsOf(loss, 'weight'))),
        weight: loss.weight,
      })),
    });
  } catch (error) {
    for (const part of made) part.dispose();
    throw error;
  }
}

/** Parts as somebody chose them, with the options they left out; without losses, cross-entropy and those that the parts bring. */
export function completeChoice(
  registry: Registry,
  choice: { readonly prompt: ResolvedPart; readonly labels: ResolvedPart; readonly losses?: readonly LossChoice[] },
): ClassifierChoice {
  const prompt = complete(choice.prompt, registry.get('prompt', choice.prompt.use).options);
  const labels = complete(choice.labels, registry.get('labels', choice.labels.use).options);
  const brought = [
    ...(registry.get('prompt', prompt.use).losses?.(optionsOf(prompt)) ?? []),
    ...(registry.get('labels', labels.use).losses?.(optionsOf(labels)) ?? []),
  ];
  const losses = (choice.losses ?? [{ use: 'cross-entropy' }, ...brought]).map(
    ({ weight = 1, ...loss }): ResolvedLoss => {
      return { ...complete(loss as ResolvedPart, registry.get('loss', loss.use).options), weight };
    },
  );
  return { prompt, labels, losses };
}

function complete(part: ResolvedPart, schema: { parse(options: unknown): unknown }): ResolvedPart {
  return { use: part.use, ...(schema.parse(optionsOf(part)) as object) };
}
