import { ConfigError } from '@promptweave/core';
import { parseOverride, suggestion } from '@promptweave/core/experiment';
import type { MethodEntry } from './methods.js';

/** Options that make a method another one. */
const OF_THE_NAME = /^(preset|name|prompt(\.use)?|labels(\.use)?|dataset\b.*|backbone\b.*|protocol\b.*|seed|grid\b.*)$/;

/**
 * The methods of a benchmark with options for single ones.
 * @param set `METHOD:path=value` each
 * @throws ConfigError where the method is not among them, or the option is not one that its name leaves open
 */
export function withOptions(list: readonly MethodEntry[], set: readonly string[]): MethodEntry[] {
  const options = set.map((text) => {
    const colon = text.indexOf(':');
    const method = text.slice(0, colon);
    if (colon < 1 || !text.includes('=')) {
      throw new ConfigError(`--set "${text}": expected METHOD:path=value, such as comma:prompt.depth=3.`, {
        where: '--set',
      });
    }
    const names = list.map(({ name }) => name);
    if (!names.includes(method)) {
      const message = `--set "${text}": no method of this benchmark is called "${method}".`;
      throw new ConfigError(message + suggestion(method, names, 'There are'), { where: '--set' });
    }
    const { path, value } = parseOverride(text.slice(colon + 1));
    const option = path.join('.');
    if (OF_THE_NAME.test(option)) {
      throw new ConfigError(`--set "${text}": ${option} is what the benchmark itself says.`, {
        where: '--set',
        remedy:
          'Set options of the method, such as comma:prompt.depth=3 or coop:train.epochs=10; take --methods for another one.',
      });
    }
    return { method, option, value };
  });
  return list.map((entry) => ({
    ...entry,
    ...Object.fromEntries(
      options.filter(({ method }) => method === entry.name).map(({ option, value }) => [option, value]),
    ),
  }));
}
