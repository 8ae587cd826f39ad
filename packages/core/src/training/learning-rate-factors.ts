import { nearestName } from '../config/nearest-name.js';
import { ConfigError } from '../errors.js';
import type { Classifier } from '../model/classifier.js';

/**
 * What the learning rate of a variable is multiplied by, by name; 1 where it is absent. A pattern of the settings takes the place of what the
 * head brings for its variables.
 *
 * @param patterns names of variables, in which `*` stands for any text
 * @param section of the configuration that they stand in
 * @throws ConfigError where a pattern matches no variable, or a variable two patterns
 */
export function learningRateFactors(
  { parts, variables }: Classifier,
  patterns: Readonly<Record<string, number>> = {},
  section: 'train' | 'train.then' = 'train',
): Readonly<Record<string, number>> {
  const { learningRateFactor } = parts.headProperties;
  const factors: Record<string, number> = {};
  if (learningRateFactor !== undefined) {
    for (const name of Object.keys(parts.head.variables)) factors[name] = learningRateFactor;
  }
  const names = Object.keys(variables);
  const chosen = new Map<string, string>();
  for (const [pattern, factor] of Object.entries(patterns)) {
    const matching = names.filter((name) => matches(pattern, name));
    if (matching.length === 0) {
      const near = nearestName(pattern, names);
      throw new ConfigError(`No learned variable is named "${pattern}".${near ? ` Did you mean \`${near}\`?` : ''}`, {
        where: `${section}.learningRateFactors`,
        remedy: `There are: ${names.join(', ')}. An asterisk stands for any text.`,
      });
    }
    for (const name of matching) {
      const other = chosen.get(name);
      if (other !== undefined) {
        throw new ConfigError(`The variable "${name}" matches two patterns, "${other}" and "${pattern}".`, {
          where: `${section}.learningRateFactors`,
          remedy: 'Make them match different variables.',
        });
      }
      chosen.set(name, pattern);
      factors[name] = factor;
    }
  }
  return factors;
}

function matches(pattern: string, name: string): boolean {
  const [first, ...rest] = pattern.split('*');
  if (rest.length === 0) return name === first;
  const last = rest.pop()!;
  if (!name.startsWith(first!) || !name.endsWith(last) || name.length < first!.length + last.length) return false;
  let from = first!.length;
  for (const between of rest) {
    const at = name.indexOf(between, from);
    if (at < 0) return false;
    from = at + between.length;
  }
  return from <= name.length - last.length;
}
