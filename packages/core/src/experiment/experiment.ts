import { resolve } from 'node:path';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { canonicalJson } from '../config/canonical.js';
import { contentsOf, type Contents } from '../config/content-files.js';
import { optionsOf, seedsOf, type ResolvedConfiguration } from '../config/configuration.js';
import type { Backbone } from '../contracts/backbone.js';
import type { Dataset } from '../contracts/dataset.js';
import type { ServiceToken } from '../contracts/services.js';
import type { Classifier } from '../model/classifier.js';
import { checkNames } from '../model/equal-names.js';
import type { FrozenTexts } from '../model/frozen-texts.js';
import type { SourceContext } from '../plugin/define-plugin.js';
import { modulesInUse } from '../plugin/modules-in-use.js';
import { attempt } from '../plugin/guarded.js';
import type { Registry } from '../plugin/registry.js';
import { SERVICES } from '../plugin/services.js';
import { BackboneCache } from './backbone-cache.js';
import { checkPrecision } from './check-precision.js';
import { composeClassifier } from './compose-classifier.js';
import { PartLog } from './part-log.js';
import { randomNumbers, servicesOf } from './services.js';
import { TOKENS } from './tokens.js';

/** Everything that one configuration describes, made and put together. */
export interface Experiment {
  readonly configuration: ResolvedConfiguration;
  readonly backbone: Backbone;
  /** The chosen shots and classes. */
  readonly dataset: Dataset;
  readonly classifier: Classifier;
  /** Modules that its parts come from, with their versions. */
  readonly modules: Readonly<Record<string, string>>;
  /** Digests of the files that its parts read, by the options that name them. */
  readonly contents: Contents;
  /** What is remarkable about it, for whoever runs it to say; sentences. */
  readonly warnings: readonly string[];
  /** What its parts have to say. */
  readonly log: PartLog;
  /** Child of the program's container, with all of the above (see `TOKENS`). */
  readonly container: DependencyContainer;
  /**
   * Frees what was learned and gives the backbone back, which stays for the program's next experiments until one needs another one;
   * `disposeBackbones` frees it.
   */
  dispose(): void;
}

/** Where an experiment is made. */
export interface ExperimentOptions {
  /** The program's container; it holds the data pipeline. */
  readonly container: DependencyContainer;
  readonly registry: Registry;
  /** Folder that relative paths of the configuration refer to. */
  readonly folder: string;
  /** Where text features in which nothing is learned are kept, of this way of computing them. */
  readonly texts?: FrozenTexts;
}

/**
 * Makes backbone, data set, prompt learner, label aligner and losses of a configuration, and composes the classifier.
 * A TensorFlow.js backend must be set.
 * @throws ConfigError, CheckpointError or DatasetError of whichever part cannot be made; what was made before it is freed.
 */
export async function createExperiment(
  configuration: ResolvedConfiguration,
  { container: program, registry, folder, texts }: ExperimentOptions,
): Promise<Experiment> {
  const { runtime } = configuration;
  const { start: seed } = seedsOf(configuration);
  const container = program.createChildContainer();
  const log = new PartLog();
  container.register(TOKENS.configuration, { useValue: configuration });
  register(container, SERVICES.logger, log);
  register(container, SERVICES.random, randomNumbers(seed));
  const services = servicesOf(container);
  const { fast, precision } = runtime;
  const source: SourceContext = { folder: resolve(folder), seed, fast, precision, services };
  const { whole, dataset } = await createDataset(configuration, registry, source, program);
  const { backbone, release } = await createBackbone(configuration, registry, source, program);
  const { classNames, template } = dataset;
  const shots = shotsOf(configuration.dataset.shots, dataset);
  let classifier: Classifier;
  let contents: Contents;
  let warnings: readonly (string | undefined)[];
  try {
    warnings = [checkPrecision(configuration, backbone), checkNames(backbone.tokenizer, whole)];
    container.register(TOKENS.backbone, { useValue: backbone });
    container.register(TOKENS.dataset, { useValue: dataset });
    const context = { backbone, classNames, template, shots, seed, folder: source.folder };
    classifier = composeClassifier(registry, context, configuration, { container, texts });
    contents = contentsOf(configuration, registry, source.folder);
  } catch (error) {
    release();
    throw error;
  }

  container.register(TOKENS.classifier, { useValue: classifier });
  return {
    configuration,
    backbone: classifier.parts.backbone,
    dataset,
    classifier,
    log,
    modules: modulesInUse(configuration, registry),
    contents,
    warnings: warnings.filter((warning) => warning !== undefined),
    container,
    dispose: () => {
      classifier.dispose();
      container.reset();
      release();
    },
  };
}

/** Frees the backbones that the experiments of a program shared. */
export async function disposeBackbones(container: DependencyContainer): Promise<void> {
  if (container.isRegistered(TOKENS.backbones)) await container.resolve(TOKENS.backbones).dispose();
}

async function createDataset(
  configuration: ResolvedConfiguration,
  registry: Registry,
  source: SourceContext,
  program: DependencyContainer,
): Promise<{ readonly whole: Dataset; readonly dataset: Dataset }> {
  const { dataset: chosen } = configuration;
  const { use, shots, classes } = chosen;
  const plugin = registry.get('dataset', use);
  const whole = await attempt(registry.owner('dataset', use), 'threw in create()', () =>
    plugin.create(source, optionsOf(chosen, 'shots', 'classes')),
  );
  const request = { shots: shots === 'all' ? undefined : shots, seed: seedsOf(configuration).sample, classes };
  return { whole, dataset: program.resolve(TOKENS.pipeline).subset(whole, request) };
}

/** @returns the backbone, and what gives it back */
async function createBackbone(
  { backbone: chosen }: ResolvedConfiguration,
  registry: Registry,
  source: SourceContext,
  program: DependencyContainer,
): Promise<{ readonly backbone: Backbone; release(): void }> {
  if (!program.isRegistered(TOKENS.backbones)) {
    program.register(TOKENS.backbones, { useValue: new BackboneCache() });
  }
  const backbones = program.resolve(TOKENS.backbones);
  const { seed: _seed, services: _services, ...place } = source; // weights are frozen: experiments of all seeds share them
  const key = canonicalJson({ chosen, ...place });
  const create = () =>
    attempt(registry.owner('backbone', chosen.use), 'threw in create()', () =>
      registry.get('backbone', chosen.use).create(source, optionsOf(chosen)),
    );
  const backbone = await backbones.get(key, create);
  let held = true;
  const release = (): void => {
    if (held) backbones.release(key);
    held = false;
  };
  return { backbone, release };
}

function register<T>(container: DependencyContainer, token: ServiceToken<T>, useValue: T): void {
  container.register(token as InjectionToken<T>, { useValue });
}

/** With all images, the mean number per class stands for the shots. */
function shotsOf(shots: number | 'all', { train, classNames }: Dataset): number {
  return shots === 'all' ? Math.max(1, Math.round(train.length / classNames.length)) : shots;
}
