import type { LossChoice } from '../plugin/define-plugin.js';
import type { Registry } from '../plugin/registry.js';
import { optionsOf, type ResolvedPart } from './configuration.js';

/** The parts of a configuration that may bring losses of their own. */
export const BRINGING = ['prompt', 'labels', 'head', 'tuning', 'gradients'] as const;

/** Those parts as somebody chose them. */
export type LearningChoice = Readonly<Record<(typeof BRINGING)[number], ResolvedPart>>;

/** The losses of a configuration that lists none: cross-entropy, unless a part brings it with another weight, and what the parts bring. */
export function broughtLosses(parts: LearningChoice, registry: Registry): LossChoice[] {
  const brought = BRINGING.flatMap((kind) => {
    const { use } = parts[kind];
    return registry.get(kind, use).losses?.(optionsOf(parts[kind])) ?? [];
  });
  const own = brought.some(({ use }) => use === 'cross-entropy');
  return own ? brought : [{ use: 'cross-entropy' }, ...brought];
}
