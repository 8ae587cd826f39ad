import { DEFAULT_PLUGINS, expandDefault } from '../plugin/load-plugins.js';
import type { Registry } from '../plugin/registry.js';
import { deepFreeze } from './canonical.js';
import { combinationFindings } from './combinations.js';
import {
  optionsOf,
  type Configuration,
  type ResolvedConfiguration,
  type ResolvedDataset,
  type ResolvedLoss,
  type ResolvedPart,
} from './configuration.js';
import { defaultParts, expandNames, isMapping, lay, without } from './layers.js';
import { suggestion } from './nearest-name.js';
import { applyOverride, inOrder, parseOverride, type Override } from './overrides.js';
import { InvalidConfigurationError, pathText, type Place, type Problem } from './problems.js';
import { protocols, type ProtocolName } from './protocols.js';
import { configurationSchema, lossesSchema } from './schema.js';
import { sourceFromValue, type ConfigurationSource } from './source.js';
import { validate, type Finding, type Outcome } from './validate.js';

type Mapping = Readonly<Record<string, unknown>>;

/** What a configuration is resolved with. */
export interface ResolveOptions {
  readonly registry: Registry;
  /** `path=value`, applied in order; those that choose a part first. */
  readonly overrides?: readonly string[];
}

/**
 * Lays the configuration over its preset, applies overrides, fills in every default and checks everything.
 *
 * @param configuration a value from code, or what `readConfiguration` gave, which knows the places in its file.
 * @returns a frozen plain object in stable key order. Resolving it again gives an equal one.
 * @throws InvalidConfigurationError with all problems together.
 */
export function resolveConfiguration(
  configuration: Configuration | ConfigurationSource,
  { registry, overrides: texts = [] }: ResolveOptions,
): ResolvedConfiguration {
  const source = asSource(configuration);
  const overrides = inOrder(texts.map(parseOverride));
  const { preset, grid } = withOverrides(source.value, overrides);
  const problems: Problem[] = [];
  const report = ({ path, message }: Finding): void => {
    problems.push({ path: pathText(path), message, place: placeOf(path, { source, overrides, preset }) });
  };

  if (grid !== undefined)
    report({ path: ['grid'], message: 'a grid is many experiments; run it with `promptweave sweep`' });
  const laid = withOverrides(lay(lay(defaultParts, presetLayer(preset, registry, report)), source.value), overrides);
  const { data, findings } = validate(configurationSchema(registry), without(laid, 'preset', 'grid'), registry);
  findings?.forEach(report);
  if (!data) throw new InvalidConfigurationError(problems);

  const parts = { backbone: data.backbone!, prompt: data.prompt!, labels: data.labels! };
  const losses = data.losses ? { data: data.losses } : defaultLosses(parts, registry);
  losses.findings?.forEach(report);
  if (!losses.data) throw new InvalidConfigurationError(problems);

  const resolved: ResolvedConfiguration = {
    plugins: expandDefault(data.plugins ?? [DEFAULT_PLUGINS]),
    backbone: useFirst(parts.backbone),
    dataset: resolveDataset(data.dataset, data.protocol),
    prompt: useFirst(parts.prompt),
    labels: useFirst(parts.labels),
    losses: losses.data.map(resolveLoss),
    train: data.train,
    evaluate: data.evaluate,
    protocol: data.protocol,
    seed: data.seed,
    runtime: data.runtime,
    ...(data.output === undefined ? {} : { output: data.output }),
  };
  combinationFindings(resolved, registry).forEach(report);
  if (problems.length > 0) throw new InvalidConfigurationError(problems);
  return deepFreeze(resolved);
}

/** A value from code gets a source without places. */
export function asSource(configuration: Configuration | ConfigurationSource): ConfigurationSource {
  return 'place' in configuration && typeof configuration.place === 'function'
    ? (configuration as ConfigurationSource)
    : sourceFromValue(configuration);
}

/** The configuration with names of parts written out and all overrides laid over it. */
export function withOverrides(value: Mapping, overrides: readonly Override[]): Mapping {
  return overrides.reduce((laid, override) => expandNames(applyOverride(laid, override)), expandNames(value));
}

function presetLayer(name: unknown, registry: Registry, report: (finding: Finding) => void): Mapping {
  if (name === undefined) return {};
  const presets = registry.presets();
  const preset = presets.find((candidate) => candidate.name === name);
  if (preset) return expandNames(preset.configuration);
  const names = presets.map((candidate) => candidate.name);
  const hint = typeof name === 'string' ? suggestion(name, names, 'There are') : '';
  report({ path: ['preset'], message: `there is no preset called ${JSON.stringify(name)}.${hint}` });
  return {};
}

/** Cross-entropy and what the chosen learner and aligner are trained with. */
function defaultLosses(
  { prompt, labels }: { readonly prompt: ResolvedPart; readonly labels: ResolvedPart },
  registry: Registry,
): Outcome<ResolvedPart[]> {
  const brought = [
    { use: 'cross-entropy' },
    ...(registry.get('prompt', prompt.use).losses?.(optionsOf(prompt)) ?? []),
    ...(registry.get('labels', labels.use).losses?.(optionsOf(labels)) ?? []),
  ];
  return validate(lossesSchema(registry), brought, registry, ['losses']);
}

function resolveDataset({ use, shots, classes, ...options }: ResolvedPart, protocol: ProtocolName): ResolvedDataset {
  const chosen = classes ?? protocols[protocol].trainsOn;
  return { use, shots, classes: chosen, ...options } as ResolvedDataset;
}

function resolveLoss({ use, weight, ...options }: ResolvedPart): ResolvedLoss {
  return { use, weight, ...options } as ResolvedLoss;
}

function useFirst({ use, ...options }: ResolvedPart): ResolvedPart {
  return { use, ...options };
}

interface Origins {
  readonly source: ConfigurationSource;
  readonly overrides: readonly Override[];
  readonly preset: unknown;
}

/** Where the value at a path comes from: the last override that set it, the file, or the preset. */
function placeOf(path: readonly PropertyKey[], { source, overrides, preset }: Origins): Place {
  const override = overrides.findLast((candidate) =>
    path.slice(0, candidate.path.length).every((key, index) => String(key) === candidate.path[index]),
  );
  const covers = override && path.length >= override.path.length;
  if (covers) return { source: `override ${JSON.stringify(override.text)}` };
  if (preset !== undefined && !contains(expandNames(source.value), path) && path.length > 1) {
    return { source: `preset ${String(preset)}` };
  }
  return source.place(path);
}

function contains(value: unknown, path: readonly PropertyKey[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return value !== undefined;
  if (Array.isArray(value)) return contains(value[Number(key)], rest);
  return isMapping(value) && Object.hasOwn(value, key) && contains(value[String(key)], rest);
}
