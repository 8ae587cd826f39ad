import type { DataPipeline } from '../contracts/pipeline.js';
import type { Logger, RandomNumbers, ServiceToken } from '../contracts/services.js';

function service<T>(name: string): ServiceToken<T> {
  return Symbol.for(`promptweave:${name}`);
}

/**
 * The services that a plugin's `create` can ask its context for.
 *
 * @example
 * create: ({ backbone, services }, options) => {
 *   services.get(SERVICES.logger).info('Prompts start at random.');
 *   const start = services.get(SERVICES.random).normal([2, backbone.shape.text.width], 0.02, 'mine/ctx');
 *   …
 * }
 */
export const SERVICES = {
  /** Tells people what a part did, in the log of the run and on the terminal. */
  logger: service<Logger>('logger'),
  /** Random start values that hang on the seed and a name alone. */
  random: service<RandomNumbers>('random'),
  /** Turns data sets into batches. */
  pipeline: service<DataPipeline>('pipeline'),
  /** Folder for what can be computed again; shared by all runs of a user. */
  cacheFolder: service<string>('cacheFolder'),
} as const;
