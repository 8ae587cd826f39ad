import type { ResolvedConfiguration } from '../config/configuration.js';
import type { Backbone } from '../contracts/backbone.js';
import { ConfigError } from '../errors.js';

/**
 * Looks whether a backbone multiplies its weights as it was asked to.
 *
 * @returns what is to be said where it knows float32 alone and `auto` left it the choice
 * @throws ConfigError where bfloat16 was asked for and it computes in float32
 */
export function checkPrecision(
  { backbone: { use }, runtime: { precision } }: Pick<ResolvedConfiguration, 'backbone' | 'runtime'>,
  backbone: Pick<Backbone, 'precision'>,
): string | undefined {
  if (precision === 'bfloat16' && backbone.precision !== 'bfloat16') {
    throw new ConfigError(`The backbone "${use}" does not compute in bfloat16.`, {
      where: 'runtime.precision',
      remedy: 'Take float32, or auto, which takes what the backbone can.',
    });
  }
  if (precision === 'auto' && backbone.precision === undefined) {
    return `runtime.precision is auto, and the backbone "${use}" computes in float32.`;
  }
  return undefined;
}
