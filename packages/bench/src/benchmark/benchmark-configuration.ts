import { ConfigError, suggestion, type Registry } from '@promptweave/core';
import { methodEntry } from './methods.js';

/** What a benchmark is asked for. */
export interface BenchmarkRequest {
  readonly protocol: string;
  /** `clip`, `coop`, `maple`, `comma`, `coop+lamm`, … */
  readonly methods: readonly string[];
  /** The data sets that are trained on. */
  readonly datasets: readonly string[];
  readonly shots: readonly number[];
  readonly seeds: readonly number[];
  /** Root folder of the papers' data sets, absolute. */
  readonly data?: string;
  /** Weights of the backbone. */
  readonly checkpoint: string;
}

/**
 * The configuration of a benchmark: a grid of methods (by their presets), data sets, shots and seeds.
 * @throws ConfigError where something of it is unknown, or data sets need a folder that is not given
 */
export function benchmarkConfiguration(request: BenchmarkRequest, registry: Registry): Record<string, unknown> {
  const { protocol, methods, datasets, shots, seeds, data, checkpoint } = request;
  registry.get('protocol', protocol);
  const list = methods.map((method) => methodEntry(method, protocol, registry));
  const choices = datasets.map((name) => {
    const plugin = registry.find('dataset', name);
    if (!plugin) {
      const message = `there is no data set called "${name}".`;
      throw new ConfigError(message + suggestion(name, registry.names('dataset'), 'There are'), {
        where: '--datasets',
      });
    }
    if (!('root' in plugin.options.shape)) return { use: name };
    if (data === undefined) {
      throw new ConfigError(`The data set ${name} is read from files.`, {
        where: '--data',
        remedy: 'Name the folder that holds the data sets: --data DIR.',
      });
    }
    return { use: name, root: data };
  });
  const untrained = list.filter(({ name }) => name === 'clip');
  return {
    backbone: { use: 'clip', checkpoint },
    protocol,
    grid: {
      list,
      dataset: choices,
      ...(protocol !== 'zero-shot' && { 'dataset.shots': shots }),
      seed: seeds,
      // What learns nothing has nothing random.
      ...(untrained.length > 0 &&
        seeds.length > 1 && { except: [{ 'prompt.use': 'none', 'labels.use': 'frozen', seed: seeds.slice(1) }] }),
    },
  };
}
