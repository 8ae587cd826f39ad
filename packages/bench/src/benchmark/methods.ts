import { ConfigError } from '@promptweave/core';
import { suggestion, type Registry } from '@promptweave/core/experiment';

/** A method of a benchmark: what the list of a grid says about it. */
export type MethodEntry = Readonly<Record<string, unknown>> & { readonly name: string };

/** Names that mean something else than a preset. */
const PLAIN = { clip: { 'prompt.use': 'none', 'labels.use': 'frozen' } } as const;

/**
 * The settings of a method under a protocol: its preset for this protocol, else the one that it has. `maple+lamm` is MaPLe's preset with
 * LAMM's labels; `clip+lamm` is `lamm`, the preset of the labels alone.
 * @throws ConfigError where no plugin has a preset of this name
 */
export function methodEntry(name: string, protocol: string, registry: Registry): MethodEntry {
  const [method = '', labels] = name.split('+');
  const trained = labels === undefined ? {} : { 'labels.use': labels };
  if (method in PLAIN) {
    const alone = registry.presets().find((preset) => preset.name === `${labels}/few-shot`);
    return alone ? { name, preset: alone.name } : { name, ...PLAIN[method as keyof typeof PLAIN], ...trained };
  }
  const own = registry.presets().filter((preset) => familyOf(preset.name) === method);
  const wanted = [protocol, 'base-to-novel', 'few-shot'].map((preset) =>
    own.find((candidate) => candidate.name.endsWith(`/${preset}`)),
  );
  const preset = wanted.find((candidate) => candidate !== undefined) ?? own[0];
  if (preset) return { name, preset: preset.name, ...trained };
  const known = [...Object.keys(PLAIN), ...new Set(registry.presets().map((candidate) => familyOf(candidate.name)))];
  throw new ConfigError(`there is no method called "${name}".${suggestion(method, known, 'There are')}`, {
    where: '--methods',
    remedy: 'Join a prompt and labels with +, as in maple+lamm.',
  });
}

/** `kgcoop/knowledge/base-to-novel` → `kgcoop`. */
function familyOf(preset: string): string {
  return preset.split('/')[0]!;
}
