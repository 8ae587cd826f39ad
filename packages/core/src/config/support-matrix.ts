import type { Registry } from '../plugin/registry.js';
import { broughtLosses, type LearningChoice } from './brought-losses.js';
import type { ResolvedPart } from './configuration.js';
import { defaultParts } from './layers.js';
import { partConflicts } from './part-conflicts.js';
import { protocolConflicts } from './protocol-conflicts.js';

const LEARNING = ['prompt', 'labels', 'head', 'tuning'] as const;

/** Kinds of parts that may exclude each other. */
export type SupportKind = (typeof LEARNING)[number] | 'loss' | 'protocol';

/** A kind and a name. */
export type SupportPart = readonly [SupportKind, string];

/**
 * Which two parts stand together, with default options and in one phase of training: those that some choice of the other parts takes.
 *
 * @returns the rules against two parts of different kinds; none where they stand together
 */
export function supportMatrix(registry: Registry): (one: SupportPart, other: SupportPart) => readonly string[] {
  const fewest = new Map<string, readonly string[]>();
  const note = (parts: readonly SupportPart[], rules: readonly string[]): void => {
    for (const one of parts) {
      for (const other of parts) {
        const known = fewest.get(keyOf(one, other));
        if (!known || rules.length < known.length) fewest.set(keyOf(one, other), rules);
      }
    }
  };
  const rulesOf = (conflicts: readonly { readonly rule: string }[]): string[] => [
    ...new Set(conflicts.map(({ rule }) => rule)),
  ];
  for (const choice of choices(registry)) {
    const parts = LEARNING.map((kind): SupportPart => [kind, choice[kind].use]);
    const brought = broughtLosses(choice, registry).map(({ use }) => ({ use }));
    const conflicts = partConflicts({ ...choice, losses: brought }, registry);
    for (const use of registry.names('loss')) {
      const losses = brought.some((loss) => loss.use === use) ? brought : [...brought, { use }];
      note([...parts, ['loss', use]], rulesOf(partConflicts({ ...choice, losses }, registry)));
    }
    for (const use of registry.names('protocol')) {
      const ofProtocol = protocolConflicts({ ...choice, protocol: { use } }, registry);
      note([...parts, ['protocol', use]], rulesOf([...conflicts, ...ofProtocol]));
    }
  }
  return (one, other) => fewest.get(keyOf(one, other)) ?? [];
}

/** Every choice of learning parts. */
function choices(registry: Registry): LearningChoice[] {
  const ofKind = (kind: (typeof LEARNING)[number]): ResolvedPart[] =>
    registry.ofKind(kind).map((plugin) => ({ use: plugin.name, ...(plugin.options.parse({}) as object) }));
  let rows: Partial<LearningChoice>[] = [{}];
  for (const kind of LEARNING) rows = rows.flatMap((row) => ofKind(kind).map((part) => ({ ...row, [kind]: part })));
  return rows.map((row) => ({ ...defaultParts, ...row }));
}

function keyOf(...parts: readonly SupportPart[]): string {
  return parts.flat().join('\0');
}
