import { ConfigError } from '@promptweave/core';
import { suggestion, type Registry } from '@promptweave/core/experiment';

/** A method of a benchmark: what the list of a grid says about it. */
export type MethodEntry = Readonly<Record<string, unknown>> & { readonly name: string };

/** Names that mean something else than a preset. */
const PLAIN = { clip: { 'prompt.use': 'none', 'labels.use': 'frozen' } } as const;

/** Methods that the literature does not call as their presets are called, and the presets that they are. */
const CALLED: Readonly<Record<string, string>> = {
  'lp++': 'lp-plus-plus/few-shot',
  'zs-lp': 'zero-shot-linear-probe/few-shot',
  clap: 'zero-shot-linear-probe/clap',
  'tip-adapter': 'tip-adapter/training-free',
  'tip-adapter-f': 'tip-adapter/few-shot',
  dept: 'dept/coop',
  'dept-maple': 'dept/maple',
  'kgcoop-released': 'kgcoop/knowledge/released',
  '2sfs': 'layer-norm/2sfs',
};

/** Cells that a grid of several seeds leaves out: what learns nothing has nothing random. A head and a tuning learn, whatever the prompt. */
export const untrainedTwice = (seeds: readonly number[]): Readonly<Record<string, unknown>> => ({
  ...{ 'prompt.use': 'none', 'labels.use': 'frozen', 'head.use': null, 'tuning.use': null },
  seed: seeds.slice(1),
});

/** A method and what is added to it by a plus; the pluses at the end of a name are its own, as in `lp++`. */
export function partsOfName(name: string): { readonly method: string; readonly labels?: string } {
  const [, method = name, labels] = /^(.+?\+*)(?:\+([^+]+))?$/.exec(name) ?? [];
  return { method, ...(labels !== undefined && { labels }) };
}

/**
 * The losses of a method with other labels than its own: those that it lists, and those that the labels bring, which a list would leave out.
 * Undefined where it lists none.
 */
export function lossesWith(losses: unknown, labels: string, registry: Registry): readonly unknown[] | undefined {
  if (!Array.isArray(losses)) return undefined;
  const { options, losses: brought } = registry.get('labels', labels);
  return [...(losses as readonly unknown[]), ...(brought?.(options.parse({})) ?? [])];
}

/**
 * The settings of a method under a protocol: its preset for this protocol, else the one that it has. `maple+lamm` is MaPLe's preset with
 * LAMM's labels; `clip+lamm` is `lamm`, the preset of the labels alone.
 * @throws ConfigError where no plugin has a preset of this name
 */
export function methodEntry(name: string, protocol: string, registry: Registry): MethodEntry {
  const { method, labels } = partsOfName(name);
  const trained = labels === undefined ? {} : { 'labels.use': labels };
  const presets = registry.presets();
  if (method in PLAIN) {
    const alone = presets.find((preset) => preset.name === `${labels}/few-shot`);
    return alone ? { name, preset: alone.name } : { name, ...PLAIN[method as keyof typeof PLAIN], ...trained };
  }
  const own = presets.filter((preset) => familyOf(preset.name) === method);
  const wanted = [protocol, 'base-to-novel', 'few-shot'].map((preset) =>
    own.find((candidate) => candidate.name.endsWith(`/${preset}`)),
  );
  const called = presets.find((candidate) => candidate.name === CALLED[method]);
  const preset = called ?? wanted.find((candidate) => candidate !== undefined) ?? own[0];
  if (preset) {
    const losses = labels === undefined ? undefined : lossesWith(preset.configuration['losses'], labels, registry);
    return { name, preset: preset.name, ...trained, ...(losses && { losses }) };
  }
  throw new ConfigError(
    `there is no method called "${name}".${suggestion(method, methodNames(registry), 'There are')}`,
    {
      where: '--methods',
      remedy: 'Join a prompt and labels with +, as in maple+lamm.',
    },
  );
}

/** What methods are called whose plugins are there. */
function methodNames(registry: Registry): string[] {
  const presets = registry.presets().map(({ name }) => name);
  const called = Object.entries(CALLED).flatMap(([name, preset]) => (presets.includes(preset) ? [name] : []));
  return [...new Set([...Object.keys(PLAIN), ...presets.map(familyOf), ...called])];
}

/** `kgcoop/knowledge/base-to-novel` → `kgcoop`. */
function familyOf(preset: string): string {
  return preset.split('/')[0]!;
}
