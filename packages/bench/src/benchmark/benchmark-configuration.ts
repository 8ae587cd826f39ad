import { ConfigError } from '@promptweave/core';
import type { Registry, ResolvedPart } from '@promptweave/core/experiment';
import { checkTargetNames } from '../protocols/targets.js';
import { datasetChoice, datasetName, isOwnData } from './dataset-choice.js';
import { withOptions } from './method-options.js';
import { methodEntry, untrainedTwice } from './methods.js';
import { paperDatasets, paperSource } from './paper-datasets.js';

/** What a benchmark is asked for. */
export interface BenchmarkRequest {
  readonly protocol: string;
  /** `clip`, `coop`, `maple`, `comma`, `coop+lamm`, … */
  readonly methods: readonly string[];
  /** The data sets that are trained on: names, or paths of one's own. */
  readonly datasets: readonly string[];
  /** The data sets that are tested on, where the protocol has some; those of the papers if absent. */
  readonly targets?: readonly string[];
  readonly shots: readonly number[];
  readonly seeds: readonly number[];
  /** Root folder of the papers' data sets. */
  readonly data?: string;
  /** Weights of the backbone. */
  readonly checkpoint: string;
  /** Options of single methods: `METHOD:path=value` each. */
  readonly set?: readonly string[];
}

/** A configuration with a grid of methods and data sets. */
export interface BenchmarkConfiguration {
  readonly backbone: ResolvedPart;
  readonly protocol: string | ResolvedPart;
  readonly grid: {
    /** Methods: `name` is what tables call them. */
    readonly list: readonly Readonly<Record<string, unknown>>[];
    readonly dataset: readonly ResolvedPart[];
    readonly [axis: string]: unknown;
  };
  readonly [section: string]: unknown;
}

/** What a benchmark is run with where nothing else is asked for: the papers' data sets, and the shots of their tables. */
export function benchmarkDefaults(
  protocol: string,
  registry: Registry,
): Pick<BenchmarkRequest, 'methods' | 'datasets' | 'shots'> {
  const { options, trainsNothing } = registry.get('protocol', protocol);
  return {
    methods: trainsNothing ? ['clip'] : ['clip', 'coop', 'maple', 'comma'],
    datasets: 'targets' in options.shape ? [paperSource] : paperDatasets,
    shots: protocol === 'few-shot' ? [1, 2, 4, 8, 16] : [16],
  };
}

/** The column of the means over data sets. */
const AVERAGE = 'average';
/** Stands for the domains of the source's own test images. */
const DOMAINS = 'domains';

/**
 * The configuration of a benchmark: a grid of methods (by their presets), data sets, shots and seeds. Paths in it are absolute.
 * @throws ConfigError where something of it is unknown, or data sets need a folder that is not given
 */
export function benchmarkConfiguration(request: BenchmarkRequest, registry: Registry): BenchmarkConfiguration {
  const { protocol, methods, datasets, shots, seeds, data, checkpoint } = request;
  const { trainsNothing } = registry.get('protocol', protocol);
  const list = withOptions(
    methods.map((method) => methodEntry(method, protocol, registry)),
    request.set ?? [],
  );
  const choices = datasets.map((name) => datasetChoice(name, registry, { data, flag: '--datasets' }));
  const names = choices.map(datasetName);
  const twin = names.find((name, i) => names.indexOf(name) !== i);
  if (twin !== undefined) {
    const message = `Two of the data sets are called "${twin}"; the table could not tell them apart.`;
    throw new ConfigError(message, { where: '--datasets', remedy: 'Rename one of the folders or files.' });
  }
  if (names.includes(AVERAGE)) {
    const message = `One of the data sets is called "${AVERAGE}", as a column of the table is.`;
    throw new ConfigError(message, { where: '--datasets', remedy: 'Rename the folder or file.' });
  }
  const untrained = list.filter(({ name }) => name === 'clip');
  return {
    backbone: { use: 'clip', checkpoint },
    protocol: protocolChoice(request, registry),
    grid: {
      list,
      dataset: choices,
      ...(!trainsNothing && { 'dataset.shots': shots }),
      seed: seeds,
      ...(untrained.length > 0 && seeds.length > 1 && { except: [untrainedTwice(seeds)] }),
    },
  };
}

function protocolChoice({ protocol, targets, data }: BenchmarkRequest, registry: Registry): string | ResolvedPart {
  if (targets === undefined) return protocol;
  if (!('targets' in registry.get('protocol', protocol).options.shape)) {
    throw new ConfigError(`The protocol ${protocol} tests on the data sets that it trains on.`, {
      where: '--targets',
      remedy: 'Leave --targets out, or take cross-dataset or domain-generalisation.',
    });
  }
  if (targets.length === 1 && targets[0] === DOMAINS) return { use: protocol, targets: DOMAINS };
  const choices = targets.map((name) => datasetChoice(name, registry, { data, flag: '--targets' }));
  checkTargetNames(choices.map(datasetName), { where: '--targets', remedy: 'Rename the folder or file.' });
  return { use: protocol, targets: choices };
}

/** The targets of a benchmark that are a user's own, by their names in the table. */
export function ownTargets({ protocol }: Pick<BenchmarkConfiguration, 'protocol'>): string[] {
  const targets = typeof protocol === 'string' ? undefined : protocol['targets'];
  return Array.isArray(targets) ? targets.filter(isOwnData).map(datasetName) : [];
}
