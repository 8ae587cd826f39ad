import 'reflect-metadata';
import { container as root, instanceCachingFactory, type DependencyContainer, type InjectionToken } from 'tsyringe';
import {
  optionsOf,
  type ResolvedConfiguration,
  type ResolvedLoss,
  type ResolvedPart,
} from '../config/configuration.js';
import type { AlignerProperties, PartContext } from '../contracts/parts.js';
import { ConfigError } from '../errors.js';
import { Classifier } from '../model/classifier.js';
import type { FrozenTexts } from '../model/frozen-texts.js';
import type { LossChoice, PluginOfKind } from '../plugin/define-plugin.js';
import { guardedAligner, guardedLearner, guardedLoss } from '../plugin/guarded-parts.js';
import { attempt } from '../plugin/guarded.js';
import type { PluginOwner } from '../plugin/plugin-fault.js';
import type { Registry } from '../plugin/registry.js';
import { servicesOf } from './services.js';
import { TOKENS } from './tokens.js';

/** The parts of a classifier, with all of their options. */
export type ClassifierChoice = Pick<ResolvedConfiguration, 'prompt' | 'labels' | 'losses'>;

/**
 * Makes prompt learner, label aligner and losses, and composes them. Each is registered in the container, and taken from there: what
 * `configure` registers in its place, or around it (see {@link decorate}), is what the classifier is composed of.
 *
 * @param container of the experiment; by default an empty one
 * @param texts where text features in which nothing is learned are kept
 * @throws ConfigError where a loss needs labels that are trained and none are, and of whichever part cannot be made; what was made before
 * it is freed.
 */
export function composeClassifier(
  registry: Registry,
  context: Omit<PartContext, 'services'>,
  choice: ClassifierChoice,
  { container = empty(), texts }: { readonly container?: DependencyContainer; readonly texts?: FrozenTexts } = {},
): Classifier {
  const { prompt, labels } = choice;
  const learnerProperties = registry.get('prompt', prompt.use).properties(optionsOf(prompt));
  const alignerProperties = registry.get('labels', labels.use).properties(optionsOf(labels));
  requireTrainedLabels(registry, choice, alignerProperties);
  const made = registerParts(container, registry, { ...context, services: servicesOf(container) }, choice);
  try {
    if (container.isRegistered(TOKENS.configure, true)) {
      for (const configure of container.resolveAll(TOKENS.configure)) configure(container);
    }
    const backbone = container.isRegistered(TOKENS.backbone) ? container.resolve(TOKENS.backbone) : context.backbone;
    return new Classifier({
      ...{ backbone, texts, learnerProperties, alignerProperties },
      learner: container.resolve(TOKENS.learner),
      aligner: container.resolve(TOKENS.aligner),
      losses: container.resolve(TOKENS.losses),
    });
  } catch (error) {
    for (const part of made) part.dispose();
    throw error;
  }
}

/**
 * Puts something around a part of an experiment, or in its place; for a function registered as `TOKENS.configure`. What wraps a part
 * also disposes it.
 *
 * @example decorate(container, TOKENS.learner, (learner) => ({ ...learner, prompts: (images) => watched(learner.prompts(images)) }))
 */
export function decorate<T>(container: DependencyContainer, token: InjectionToken<T>, wrap: (part: T) => T): void {
  container.register(token, { useValue: wrap(container.resolve(token)) });
}

function empty(): DependencyContainer {
  return root.createChildContainer();
}

function requireTrainedLabels(
  registry: Registry,
  { labels, losses }: ClassifierChoice,
  properties: AlignerProperties,
): void {
  const unfit = losses.find(({ use }) => registry.get('loss', use).needsTrainedLabels);
  if (!unfit || properties.trainsLabels) return;
  throw new ConfigError(`The loss "${unfit.use}" needs labels that are trained, and the labels are "${labels.use}".`, {
    where: 'losses',
    remedy: 'Choose other labels (labels.use=lamm), or take the loss out.',
  });
}

/** Registers what makes the parts, each once and when it is asked for. @returns what was made so far, to be freed where something fails */
function registerParts(
  container: DependencyContainer,
  registry: Registry,
  context: PartContext,
  { prompt, labels, losses }: ClassifierChoice,
): readonly { dispose(): void }[] {
  const made: { dispose(): void }[] = [];
  const make = <Kind extends 'prompt' | 'labels' | 'loss', Part extends { dispose(): void }>(
    kind: Kind,
    { use, ...options }: ResolvedPart,
    guard: (part: ReturnType<PluginOfKind[Kind]['create']>, owner: PluginOwner) => Part,
  ): Part => {
    const owner = registry.owner(kind, use);
    const plugin = registry.get(kind, use) as unknown as { create(context: PartContext, options: object): never };
    const part = attempt(owner, 'threw in create()', () => guard(plugin.create(context, options), owner));
    made.push(part);
    return part;
  };
  const { backbone } = context;
  const once = <T>(part: () => T) => ({ useFactory: instanceCachingFactory(part) });
  container.register(
    TOKENS.learner,
    once(() => make('prompt', prompt, (part, owner) => guardedLearner(part, owner, backbone))),
  );
  container.register(
    TOKENS.aligner,
    once(() => make('labels', labels, (part, owner) => guardedAligner(part, owner, backbone))),
  );
  container.register(
    TOKENS.losses,
    once(() => losses.map(({ weight, ...loss }) => ({ loss: make('loss', loss, guardedLoss), weight }))),
  );
  return made;
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
