import { DEFAULT_PLUGINS, expandDefault } from '../plugin/load-plugins.js';
import type { SettingsByShots } from '../plugin/define-plugin.js';
import type { Registry } from '../plugin/registry.js';
import { deepFreeze } from './canonical.js';
import { broughtLosses, type LearningChoice } from './brought-losses.js';
import { combinationFindings } from './combinations.js';
import {
  type Configuration,
  type ResolvedConfiguration,
  type ResolvedDataset,
  type ResolvedLoss,
  type ResolvedPart,
} from './configuration.js';
import { describeValue } from './describe-issue.js';
import { defaultParts, expandNames, isMapping, lay, without } from './layers.js';
import { suggestion } from './nearest-name.js';
import { applyOverride, inOrder, parseOverride, type Override } from './overrides.js';
import { InvalidConfigurationError, pathText, type Place, type Problem } from './problems.js';
import { withTexts } from './raw-text.js';
import { configurationSchema, lossesSchema } from './schema.js';
import { datasetSettings } from './sections.js';
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
  const { preset, grid, search } = withOverrides(source.value, overrides);
  const problems: Problem[] = [];
  const presetValue = presetOf(preset, source.value, overrides, registry);
  const expanded = expandNames(source.value);
  const origins = { source, expanded, overrides, preset: { name: preset, value: presetValue } };
  const report = ({ path, message }: Finding): void => {
    problems.push({ path: pathText(path), message, place: placeOf(path, origins) });
  };

  if (grid !== undefined)
    report({ path: ['grid'], message: 'a grid is many experiments; run it with `promptweave sweep`' });
  else if (search !== undefined && search !== null)
    report({ path: ['search'], message: 'a search chooses among the cells of a grid: add a grid, or leave it out' });
  if (preset !== undefined) findingsOfPreset(preset, registry).forEach(report);
  const laid = withOverrides(lay(lay(defaultParts, presetValue), expanded), overrides);
  const schema = configurationSchema(registry);
  const chosen = withTexts(schema, without(laid, 'preset', 'grid', 'search'), (path) => rawTextAt(path, origins));
  const { data, findings } = validate(schema, chosen, registry);
  findings?.forEach(report);
  if (!data) throw new InvalidConfigurationError(problems);

  const parts = {
    prompt: data.prompt!,
    labels: data.labels!,
    head: data.head!,
    tuning: data.tuning!,
    gradients: data.gradients!,
  };
  const losses = data.losses ? { data: data.losses } : defaultLosses(parts, registry);
  losses.findings?.forEach(report);
  if (!losses.data) throw new InvalidConfigurationError(problems);

  const resolved: ResolvedConfiguration = {
    plugins: expandDefault(data.plugins ?? [DEFAULT_PLUGINS]),
    backbone: useFirst(data.backbone!),
    dataset: resolveDataset(data.dataset, data.protocol!, registry),
    prompt: useFirst(parts.prompt),
    labels: useFirst(parts.labels),
    head: useFirst(parts.head),
    tuning: useFirst(parts.tuning),
    losses: losses.data.map(resolveLoss),
    gradients: useFirst(parts.gradients),
    train: data.train,
    evaluate: data.evaluate,
    protocol: useFirst(data.protocol!),
    tracker: useFirst(data.tracker!),
    seed: data.seed,
    ...(data.seeds === undefined ? {} : { seeds: data.seeds }),
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

/** A preset as it is for the chosen data set and its shots. */
function presetOf(name: unknown, value: Mapping, overrides: readonly Override[], registry: Registry): Mapping {
  const { byDataset, ...preset } = registry.presets().find((known) => known.name === name)?.configuration ?? {};
  const { byShots: _, ...whole } = preset;
  const { dataset } = withOverrides(lay(expandNames(whole), expandNames(value)), overrides);
  const { use, shots } = isMapping(dataset) ? dataset : {};
  const own = byDataset && typeof use === 'string' && Object.hasOwn(byDataset, use) ? byDataset[use]! : {};
  return lay(forShots(preset, shots), forShots(own, shots));
}

function forShots({ byShots = {}, ...settings }: SettingsByShots, given: unknown): Mapping {
  const { data: shots } = datasetSettings.shots.safeParse(given);
  const limits = Object.keys(byShots).map(Number);
  const limit = typeof shots === 'number' ? Math.min(...limits.filter((most) => shots <= most)) : Infinity;
  return lay(expandNames(settings), expandNames(byShots[limit] ?? {}));
}

function findingsOfPreset(name: unknown, registry: Registry): Finding[] {
  const names = registry.presets().map((preset) => preset.name);
  if (names.some((known) => known === name)) return [];
  const path = ['preset'];
  if (typeof name !== 'string')
    return [{ path, message: `expected the name of a preset, received ${describeValue(name)}` }];
  const message = `there is no preset called "${name}".${suggestion(name, names, 'There are')}${registry.notLoaded}`;
  return [{ path, message }];
}

/** Cross-entropy and what the chosen parts are trained with. */
function defaultLosses(parts: LearningChoice, registry: Registry): Outcome<ResolvedPart[]> {
  return validate(lossesSchema(registry), broughtLosses(parts, registry), registry, ['losses']);
}

function resolveDataset(
  { use, shots, classes, ...options }: ResolvedPart,
  protocol: ResolvedPart,
  registry: Registry,
): ResolvedDataset {
  const chosen = classes ?? registry.get('protocol', protocol.use).trainsOn;
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
  /** Its value with names of parts written out. */
  readonly expanded: Mapping;
  readonly overrides: readonly Override[];
  readonly preset: { readonly name: unknown; readonly value: Mapping };
}

/** What was written for the value at a path, by the last override that set it or in the file. */
function rawTextAt(path: readonly PropertyKey[], { source, overrides }: Origins): string | undefined {
  const override = overrides.findLast((set) => set.path.every((key, index) => key === String(path[index])));
  return override ? override.raw(path.slice(override.path.length)) : source.raw?.(path);
}

/** Where the value at a path comes from: the last override that set it, the file, or the preset. */
function placeOf(path: readonly PropertyKey[], { source, expanded, overrides, preset }: Origins): Place {
  const own = valueAt(expanded, path);
  const override = overrides.findLast((candidate) => {
    const shared = Math.min(path.length, candidate.path.length);
    const same = path.slice(0, shared).every((key, index) => String(key) === candidate.path[index]);
    const made = candidate.path.length <= path.length || typeof own !== 'object';
    return same && made;
  });
  if (override) return { source: `override ${JSON.stringify(override.text)}` };
  const ofPreset = own === undefined && valueAt(preset.value, path) !== undefined;
  return ofPreset ? { source: `preset ${String(preset.name)}` } : source.place(path);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((at: unknown, key) => {
    if (Array.isArray(at)) return at[Number(key)] as unknown;
    return isMapping(at) && Object.hasOwn(at, key) ? at[String(key)] : undefined;
  }, value);
}
