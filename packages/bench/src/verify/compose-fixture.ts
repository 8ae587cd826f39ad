import {
  ConfigError,
  type Backbone,
  type FixtureDescription,
  type LossChoice,
  type Observer,
  type PartialConfiguration,
} from '@promptweave/core';
import {
  completeChoice,
  composeClassifier,
  trainSettings,
  type AverageSettings,
  type Classifier,
  type PartialChoice,
  type Registry,
} from '@promptweave/core/experiment';
import type { FixtureRun } from './fixture-set.js';

/** A classifier that repeats a recorded run, and those who show what was recorded of their parts. */
export interface ComposedFixture {
  readonly classifier: Classifier;
  readonly observers: readonly Observer[];
  /** The mean over epochs that the run ends with. */
  readonly average?: AverageSettings;
}

/** Composes the classifier of a recorded run from what each plugin says it has to do with it. */
export function composeFixture(run: FixtureRun, backbone: Backbone, registry: Registry): ComposedFixture {
  const { kind, hyper, class_names, frozen_template, templates } = run.description;
  const template = frozen_template ?? `${hyper.ctx_init} {}.`;
  const described: FixtureDescription = { kind: kind!, hyper, template, ...(templates && { templates }) };
  const involved = registry.entries.flatMap(({ plugin }) => {
    const part = plugin.fixture?.(described);
    return part ? [{ part, observer: plugin.observer?.(described) }] : [];
  });
  const parts: readonly PartialConfiguration[] = involved.map(({ part }) => part);
  if (parts.length === 0) {
    throw new ConfigError(`No plugin knows recorded runs of the kind "${kind}".`, {
      where: run.folder,
      remedy: 'List the package of that method with --plugin.',
    });
  }
  const merged = Object.assign({}, ...parts) as PartialConfiguration & PartialChoice;
  const losses = parts.flatMap((part) => (part.losses ?? []) as LossChoice[]);
  const own = losses.some(({ use }) => use === 'cross-entropy');
  const choice = completeChoice(registry, { ...merged, losses: own ? losses : [{ use: 'cross-entropy' }, ...losses] });
  const context = {
    backbone,
    classNames: class_names,
    template,
    shots: (merged.dataset as { readonly shots?: number } | undefined)?.shots ?? 16,
    seed: 1,
  };
  const { average } = trainSettings.parse(merged.train ?? {});
  return {
    ...(average && { average }),
    classifier: composeClassifier(registry, context, choice),
    observers: involved.flatMap(({ observer }) => observer ?? []),
  };
}
