import 'reflect-metadata';
import { container as root, instanceCachingFactory, type DependencyContainer, type InjectionToken } from 'tsyringe';
import { broughtLosses, type LearningChoice } from '../config/brought-losses.js';
import {
  optionsOf,
  type ResolvedConfiguration,
  type ResolvedLoss,
  type ResolvedPart,
} from '../config/configuration.js';
import { defaultParts } from '../config/layers.js';
import { partConflicts, propertiesOf } from '../config/part-conflicts.js';
import type { Backbone } from '../contracts/backbone.js';
import type { LearnerProperties, PartContext } from '../contracts/parts.js';
import type { TuningProperties } from '../contracts/tuning.js';
import { ConfigError } from '../errors.js';
import { Classifier } from '../model/classifier.js';
import type { FrozenTexts } from '../model/frozen-texts.js';
import { encodeSentences } from '../model/reference.js';
import type { LossChoice, PluginOfKind } from '../plugin/define-plugin.js';
import {
  guardedAligner,
  guardedHead,
  guardedLearner,
  guardedLoss,
  guardedRule,
  guardedTuning,
} from '../plugin/guarded-parts.js';
import { attempt } from '../plugin/guarded.js';
import type { PluginOwner } from '../plugin/plugin-fault.js';
import type { Registry } from '../plugin/registry.js';
import { servicesOf } from './services.js';
import { TOKENS } from './tokens.js';

/** The parts of a classifier, with all of their options. */
export type ClassifierChoice = Pick<
  ResolvedConfiguration,
  'prompt' | 'labels' | 'head' | 'tuning' | 'losses' | 'gradients'
> &
  /** What goes together may hang on the phases of the training. */
  Partial<Pick<ResolvedConfiguration, 'train'>>;

/** What parts are made from, but for what is the same for all programs. */
export type CompositionContext = Omit<PartContext, 'services' | 'encodeSentences' | 'folder'> &
  Partial<Pick<PartContext, 'folder'>>;

/**
 * Makes prompt learner, label aligner, head, tuning, losses and gradient rule, and composes them. Each is registered in the container, and taken from
 * there: what `configure` registers in its place, or around it (see {@link decorate}), is what the classifier is composed of.
 *
 * @param container of the experiment; by default an empty one
 * @param texts where text features in which nothing is learned are kept
 * @throws ConfigError where parts do not go together, and of whichever part cannot be made; what was made before it is freed.
 */
export function composeClassifier(
  registry: Registry,
  context: CompositionContext,
  choice: ClassifierChoice,
  { container = empty(), texts }: { readonly container?: DependencyContainer; readonly texts?: FrozenTexts } = {},
): Classifier {
  const properties = propertiesOf(choice, registry);
  const [conflict] = partConflicts(choice, registry);
  if (conflict) throw new ConfigError(conflict.message, { where: conflict.path.join('.'), remedy: conflict.remedy });
  requireTunable(context.backbone, properties.tuning, choice);
  requireVisionRows(context.backbone, properties.learner, choice);
  requireClassToken(context.backbone, properties.learner, choice);
  const { backbone: given } = context;
  const made = registerParts(
    container,
    registry,
    {
      folder: '.',
      ...context,
      encodeSentences: (sentences) => encodeSentences({ backbone: given, texts }, sentences),
      services: servicesOf(container),
    },
    choice,
  );
  try {
    if (container.isRegistered(TOKENS.configure, true)) {
      for (const configure of container.resolveAll(TOKENS.configure)) configure(container);
    }
    return new Classifier({
      texts,
      backbone: container.isRegistered(TOKENS.backbone) ? container.resolve(TOKENS.backbone) : given,
      learner: container.resolve(TOKENS.learner),
      learnerProperties: properties.learner,
      aligner: container.resolve(TOKENS.aligner),
      alignerProperties: properties.aligner,
      head: container.resolve(TOKENS.head),
      headProperties: properties.head,
      tuning: container.resolve(TOKENS.tuning),
      tuningProperties: properties.tuning,
      losses: container.resolve(TOKENS.losses),
      rule: container.resolve(TOKENS.rule),
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

/** @throws ConfigError where a tuning changes towers that cannot be tuned */
function requireTunable(
  { name, tunable }: Backbone,
  { tunesText, tunesVision }: TuningProperties,
  { tuning }: ClassifierChoice,
): void {
  if (tunable || !(tunesText || tunesVision)) return;
  throw new ConfigError(`The weights of the backbone "${name}" cannot be tuned, and the tuning is "${tuning.use}".`, {
    where: 'tuning',
    remedy: 'Choose tuning=none, or another backbone.',
  });
}

/** @throws ConfigError where a prompt learner puts rows into a vision tower that takes none */
function requireVisionRows(
  { name, shape: { vision } }: Backbone,
  { promptsVision }: LearnerProperties,
  { prompt }: ClassifierChoice,
): void {
  if (!promptsVision || vision.layers > 0) return;
  throw new ConfigError(
    `The prompt "${prompt.use}" puts rows into the vision tower, and that of "${name}" has no blocks that take any.`,
    {
      where: 'prompt',
      remedy: 'Choose a prompt of the text tower alone, for example prompt=coop, or another backbone.',
    },
  );
}

/** @throws ConfigError where a prompt learner needs a class token that the backbone has not */
function requireClassToken(
  { name, shape: { vision } }: Backbone,
  { needsClassToken }: LearnerProperties,
  { prompt }: ClassifierChoice,
): void {
  if (!needsClassToken || (vision.classToken !== false && (vision.pooling ?? 'class') === 'class')) return;
  throw new ConfigError(
    `The prompt "${prompt.use}" puts rows beside the class token and reads them there, and the vision tower of "${name}" is not read at a class token.`,
    { where: 'prompt', remedy: 'Choose another prompt, or a backbone that is read at its class token.' },
  );
}

/** Registers what makes the parts, each once and when it is asked for. @returns what was made so far, to be freed where something fails */
function registerParts(
  container: DependencyContainer,
  registry: Registry,
  context: PartContext,
  choice: ClassifierChoice,
): readonly { dispose(): void }[] {
  const made: { dispose(): void }[] = [];
  const make = <Kind extends MadeKind, Part>(
    kind: Kind,
    { use, ...options }: ResolvedPart,
    guard: (part: ReturnType<PluginOfKind[Kind]['create']>, owner: PluginOwner) => Part,
  ): Part => {
    const owner = registry.owner(kind, use);
    const plugin = registry.get(kind, use) as unknown as { create(context: PartContext, options: object): never };
    const part = attempt(owner, 'threw in create()', () => guard(plugin.create(context, options), owner));
    if (kind !== 'gradients') made.push(part as { dispose(): void });
    return part;
  };
  const { backbone } = context;
  const once = <T>(token: InjectionToken<T>, part: () => T): void => {
    container.register(token, { useFactory: instanceCachingFactory(part) });
  };
  once(TOKENS.learner, () => make('prompt', choice.prompt, (part, owner) => guardedLearner(part, owner, backbone)));
  once(TOKENS.aligner, () => make('labels', choice.labels, (part, owner) => guardedAligner(part, owner, backbone)));
  once(TOKENS.head, () => make('head', choice.head, guardedHead));
  once(TOKENS.tuning, () => make('tuning', choice.tuning, guardedTuning));
  once(TOKENS.losses, () =>
    choice.losses.map(({ weight, ...loss }) => ({ loss: make('loss', loss, guardedLoss), weight })),
  );
  once(TOKENS.rule, () => make('gradients', choice.gradients, guardedRule));
  return made;
}

type MadeKind = 'prompt' | 'labels' | 'head' | 'tuning' | 'loss' | 'gradients';

/** Parts as somebody chose them: what is absent is the default; without losses, cross-entropy and those that the parts bring. */
export interface PartialChoice extends Partial<LearningChoice> {
  readonly losses?: readonly LossChoice[];
}

/** The same with the options that were left out. */
export function completeChoice(registry: Registry, chosen: PartialChoice): ClassifierChoice {
  const { prompt, labels, head, tuning, gradients } = { ...defaultParts, ...chosen };
  const parts: LearningChoice = {
    prompt: complete(prompt, registry.get('prompt', prompt.use).options),
    labels: complete(labels, registry.get('labels', labels.use).options),
    head: complete(head, registry.get('head', head.use).options),
    tuning: complete(tuning, registry.get('tuning', tuning.use).options),
    gradients: complete(gradients, registry.get('gradients', gradients.use).options),
  };
  const losses = (chosen.losses ?? broughtLosses(parts, registry)).map(({ weight = 1, ...loss }): ResolvedLoss => {
    return { ...complete(loss as ResolvedPart, registry.get('loss', loss.use).options), weight };
  });
  return { ...parts, losses };
}

function complete(part: ResolvedPart, schema: { parse(options: unknown): unknown }): ResolvedPart {
  return { use: part.use, ...(schema.parse(optionsOf(part)) as object) };
}
