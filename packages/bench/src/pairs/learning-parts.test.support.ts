import type { PartialConfiguration, Plugin } from '@promptweave/core';
import {
  completeChoice,
  defaultParts,
  defaultPlugins,
  partConflicts,
  Registry,
  type ClassifierChoice,
  type PartConflict,
} from '@promptweave/core/experiment';
import type { Row } from './covering-array.test.support.js';

/** The kinds of parts that a classifier is composed of. */
export const kinds = ['prompt', 'labels', 'head', 'tuning', 'gradients', 'loss'] as const;

const templates = ['a photo of a {}.', 'a drawing of a {}.'];

/** Options where the defaults are made for towers of 12 blocks or for thousands of images: for towers of 2, and for six images. */
const small: Partial<Record<(typeof kinds)[number], Readonly<Record<string, PartialConfiguration>>>> = {
  prompt: {
    maple: { depth: 2 },
    vpt: { visionDepth: 2 },
    language: { depth: 2 },
    ivlp: { depth: 2, visionDepth: 2 },
    comma: { depth: 2 },
    tcp: { classBlock: 1 },
    mmrl: { first: 2, last: 2, width: 16 },
  },
  head: { 'linear-probe': { searchSteps: 1, iterations: 50 }, 'lp-plus-plus': { epochs: 20 } },
  tuning: { mma: { start: 1, end: 2, dim: 4 } },
  loss: { 'promptsrc/text': { templates }, 'promptsrc/logits': { templates }, sigmoid: { bias: -2 } },
};

/** Every plugin that a configuration has by default, from the sources. */
export async function defaultRegistry(): Promise<Registry> {
  const modules = await Promise.all(
    defaultPlugins.map(async (module) => ({ module, ...((await import(module)) as { plugins: Plugin[] }) })),
  );
  return new Registry(modules.flatMap(({ module, plugins }) => plugins.map((plugin) => ({ plugin, module }))));
}

/** The names of each kind, the default first. */
export function factorsOf(registry: Registry): Row[] {
  return kinds.map((kind) => {
    const first = kind === 'loss' ? 'cross-entropy' : defaultParts[kind].use;
    return [first, ...registry.names(kind).filter((name) => name !== first)];
  });
}

/** Parts of these names, small; the losses are those that they bring, and the one of the row. */
export function choiceOf(row: Row, registry: Registry): ClassifierChoice {
  const parts = kinds.map((kind, place): ClassifierChoice['prompt'] => ({
    use: row[place]!,
    ...small[kind]?.[row[place]!],
  }));
  const loss = parts.pop()!;
  const brought = once(row.slice(0, -1), () => {
    const [prompt, labels, head, tuning, gradients] = parts;
    return completeChoice(registry, { prompt, labels, head, tuning, gradients });
  });
  if (brought.losses.some(({ use }) => use === loss.use)) return brought;
  const { losses } = once([loss.use], () => completeChoice(registry, { losses: [loss] }));
  return { ...brought, losses: [...brought.losses, ...losses] };
}

const made = new Map<string, ClassifierChoice>();

/** Options are read once for each choice of parts, not for each row of tens of thousands. */
function once(names: Row, make: () => ClassifierChoice): ClassifierChoice {
  const key = names.join();
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known;
}

export function conflictsOf(row: Row, registry: Registry): PartConflict[] {
  return partConflicts(choiceOf(row, registry), registry);
}
