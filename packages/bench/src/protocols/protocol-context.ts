import {
  ConfigError,
  type DataPipeline,
  type Dataset,
  type EvaluationSet,
  type FeatureStore,
  type ProtocolContext,
} from '@promptweave/core';
import {
  basicServices,
  datasetPart,
  optionsOf,
  seedsOf,
  servicesOf,
  type Experiment,
  type FrozenTexts,
  type Registry,
  type ResolvedConfiguration,
  type ResolvedPart,
} from '@promptweave/core/experiment';

/** Where the features of frozen towers are kept for later use, see `FeatureLibrary`. */
export interface FeatureSource {
  /** The store of one data set's unprompted image features. */
  of(experiment: Experiment, dataset: ResolvedPart): Promise<FeatureStore>;
  /** Where text features in which nothing is learned are kept. */
  texts(configuration: ResolvedConfiguration): FrozenTexts;
}

/** Where data sets come from. */
export interface ContextRequest {
  readonly experiment: Experiment;
  readonly registry: Registry;
  readonly pipeline: DataPipeline;
  /** Folder that relative paths refer to. */
  readonly folder: string;
  readonly features?: FeatureSource;
}

/** The evaluation sets of an experiment's protocol; image features are shared with everything else that knows these images. */
export async function evaluationSets(request: ContextRequest): Promise<readonly EvaluationSet[]> {
  const { experiment, registry, features } = request;
  const { protocol } = experiment.configuration;
  const parts = new Map<Dataset, ResolvedPart>();
  const context = protocolContext(request, (dataset, part) => parts.set(dataset, part));
  const sets = await registry.get('protocol', protocol.use).evaluations(context, optionsOf(protocol));
  return Promise.all(
    sets.map(async (set) => {
      const part = parts.get(set.dataset) ?? (isTrained(set, experiment) ? parts.get(experiment.dataset) : undefined);
      return part && features ? { ...set, features: await features.of(experiment, part) } : set;
    }),
  );
}

/** Whether a set's images are of the data set that is trained on; those of a part of it, such as a domain, have its digest. */
export function isTrained({ dataset }: EvaluationSet, { dataset: trained }: Pick<Experiment, 'dataset'>): boolean {
  return dataset === trained || dataset.digest === trained.digest;
}

/** The evaluation sets of a configuration, for those who want to see their images and need no model. */
export async function imagesOf({
  configuration,
  registry,
  pipeline,
  folder,
}: Omit<ContextRequest, 'experiment' | 'features'> & Pick<Experiment, 'configuration'>): Promise<
  readonly EvaluationSet[]
> {
  const { dataset: chosen, protocol } = configuration;
  const { use, shots, classes } = chosen;
  const { sample, start: seed } = seedsOf(configuration);
  const whole = await registry
    .get('dataset', use)
    .create({ folder, seed, services: basicServices(seed) }, optionsOf(chosen, 'shots', 'classes'));
  const dataset = pipeline.subset(whole, { shots: shots === 'all' ? undefined : shots, seed: sample, classes });
  const context = protocolContext(
    { experiment: { configuration, dataset }, registry, pipeline, folder },
    () => undefined,
  );
  return registry.get('protocol', protocol.use).evaluations(context, optionsOf(protocol));
}

function protocolContext(
  {
    experiment,
    registry,
    pipeline,
    folder,
  }: Omit<ContextRequest, 'experiment'> & {
    readonly experiment: Pick<Experiment, 'configuration' | 'dataset'> & Partial<Pick<Experiment, 'container'>>;
  },
  note: (dataset: Dataset, part: ResolvedPart) => void,
): ProtocolContext {
  const { dataset: chosen } = experiment.configuration;
  const { sample, start: seed } = seedsOf(experiment.configuration);
  const { container } = experiment;
  const services = container ? servicesOf(container) : basicServices(seed);
  const trained: ResolvedPart = { use: chosen.use, ...optionsOf(chosen, 'shots', 'classes') };
  const make = async (part: ResolvedPart): Promise<Dataset> =>
    registry.get('dataset', part.use).create({ folder, seed, services }, optionsOf(part));
  const shots = chosen.shots === 'all' ? undefined : chosen.shots;
  let made: Promise<Dataset> | undefined;
  const whole = (): Promise<Dataset> => (made ??= make(trained));
  note(experiment.dataset, trained);
  return {
    dataset: experiment.dataset,
    classes: async (which) => {
      const dataset = pipeline.subset(await whole(), { shots, seed: sample, classes: which });
      note(dataset, trained);
      return dataset;
    },
    whole,
    load: async (choice) => {
      const { part, problem } = datasetPart(choice, chosen, registry);
      if (!part) throw new ConfigError(problem, { where: 'protocol' });
      const dataset = await make(part);
      note(dataset, part);
      return dataset;
    },
  };
}
