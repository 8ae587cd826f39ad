import {
  Classifier,
  ConfigError,
  type Backbone,
  type LabelsPlugin,
  type LossChoice,
  type LossPlugin,
  type PartialConfiguration,
  type Plugin,
  type PromptPlugin,
} from '@promptweave/core';
import type { FixtureRun } from './fixture-set.js';

/** The configuration that repeats a recorded run, as far as it names parts. */
interface FixtureConfiguration {
  readonly prompt: Choice;
  readonly labels: Choice;
  readonly losses: readonly LossChoice[];
  readonly shots: number;
}

interface Choice {
  readonly use: string;
  readonly [option: string]: unknown;
}

/** Composes the classifier of a recorded run from what each plugin says it has to do with it. */
export function composeFixture(run: FixtureRun, backbone: Backbone, plugins: readonly Plugin[]): Classifier {
  const configuration = configurationOf(run, plugins);
  const { class_names, hyper, frozen_template } = run.description;
  const context = {
    backbone,
    classNames: class_names,
    template: frozen_template ?? `${hyper.ctx_init} {}.`,
    shots: configuration.shots,
    seed: 1,
  };
  const prompt = find<PromptPlugin>(plugins, 'prompt', configuration.prompt.use);
  const labels = find<LabelsPlugin>(plugins, 'labels', configuration.labels.use);
  const promptOptions = prompt.options.parse(withoutUse(configuration.prompt));
  const labelsOptions = labels.options.parse(withoutUse(configuration.labels));
  return new Classifier({
    backbone,
    learner: prompt.create(context, promptOptions),
    learnerProperties: prompt.properties(promptOptions),
    aligner: labels.create(context, labelsOptions),
    alignerProperties: labels.properties(labelsOptions),
    losses: configuration.losses.map(({ use, weight, ...options }) => {
      const plugin = find<LossPlugin>(plugins, 'loss', use);
      return { loss: plugin.create(context, plugin.options.parse(options)), weight: weight ?? 1 };
    }),
  });
}

function configurationOf(run: FixtureRun, plugins: readonly Plugin[]): FixtureConfiguration {
  const { kind, hyper } = run.description;
  const parts = plugins
    .map((plugin) => plugin.fixture?.({ kind: kind!, hyper }))
    .filter((part): part is PartialConfiguration => part !== undefined);
  if (parts.length === 0) {
    throw new ConfigError(`No plugin knows recorded runs of the kind "${kind}".`, {
      where: run.folder,
      remedy: 'List the package of that method with --plugin.',
    });
  }
  const merged: PartialConfiguration = Object.assign({ prompt: { use: 'none' }, labels: { use: 'frozen' } }, ...parts);
  return {
    prompt: merged.prompt as Choice,
    labels: merged.labels as Choice,
    losses: [{ use: 'cross-entropy' }, ...parts.flatMap((part) => (part.losses ?? []) as LossChoice[])],
    shots: Number((merged.dataset as { shots?: number } | undefined)?.shots ?? 16),
  };
}

function find<P extends Plugin>(plugins: readonly Plugin[], kind: P['kind'], name: string): P {
  const plugin = plugins.find((candidate) => candidate.kind === kind && candidate.name === name);
  if (plugin) return plugin as P;
  throw new ConfigError(`There is no ${kind} plugin named "${name}".`, { where: kind, remedy: 'List its package.' });
}

function withoutUse({ use: _, ...options }: Choice): Record<string, unknown> {
  return options;
}
