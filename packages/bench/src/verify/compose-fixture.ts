import { ConfigError, type Backbone, type LossChoice, type PartialConfiguration } from '@promptweave/core';
import {
  completeChoice,
  composeClassifier,
  type Classifier,
  type PartialChoice,
  type Registry,
} from '@promptweave/core/experiment';
import type { FixtureRun } from './fixture-set.js';

/** Composes the classifier of a recorded run from what each plugin says it has to do with it. */
export function composeFixture(run: FixtureRun, backbone: Backbone, registry: Registry): Classifier {
  const { kind, hyper, class_names, frozen_template } = run.description;
  const parts = registry.entries
    .map(({ plugin }) => plugin.fixture?.({ kind: kind!, hyper }))
    .filter((part): part is PartialConfiguration => part !== undefined);
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
    template: frozen_template ?? `${hyper.ctx_init} {}.`,
    shots: (merged.dataset as { readonly shots?: number } | undefined)?.shots ?? 16,
    seed: 1,
  };
  return composeClassifier(registry, context, choice);
}
