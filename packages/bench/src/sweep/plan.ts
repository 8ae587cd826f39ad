import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { ConfigError, type BackboneIdentity } from '@promptweave/core';
import {
  backboneIdentity,
  basicServices,
  canonicalJson,
  configurationHash,
  InvalidConfigurationError,
  modulesInUse,
  optionsOf,
  resolveConfiguration,
  type ConfigurationSource,
  type Registry,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import { expandGrid, holds, type Choice } from './expand.js';
import { readGrid, type Conditions } from './grid.js';
import { applyToGrid, overruled } from './grid-overrides.js';
import { asWritten, withTextsOf, writtenValues, zerosAsText } from './written-values.js';

/** One experiment of a sweep, resolved and checked. */
export interface PlannedCell extends Choice {
  /** The first 16 hex digits of the hash: the name of its folder. */
  readonly id: string;
  readonly configuration: ResolvedConfiguration;
  readonly identity: CellIdentity;
  /** Cells with lower numbers run first; those with equal ones in the order of the grid. */
  readonly priority: number;
}

/** All that a cell's result depends on. */
export interface CellIdentity {
  /** SHA-256 of the resolved configuration. */
  readonly configuration: string;
  /** SHA-256 of the backbone's weights. */
  readonly checkpoint: string;
  /** What it makes of images, and what else changes its numbers. */
  readonly preprocessing?: BackboneIdentity['preprocessing'];
  readonly settings?: BackboneIdentity['settings'];
  /** Modules of the parts in use, with their versions. */
  readonly plugins: Readonly<Record<string, string>>;
}

/** Cells of one sweep: each has a folder with a dozen files. */
const CELLS = 20_000;

/** Cells with something wrong, after which no more are looked at. */
const WRONG = 500;

/** What is planned. */
export interface PlanRequest {
  readonly source: ConfigurationSource;
  readonly registry: Registry;
  /** Folder that relative paths of the configuration refer to. */
  readonly folder: string;
  /** `path=value` each, for every cell. One whose path is an axis of the grid replaces the axis's values. */
  readonly overrides?: readonly string[];
  /** Sets a backend of TensorFlow.js, for backbones that must be made to tell their identity. */
  readonly setBackend?: () => Promise<unknown>;
  /** Only cells with these values. */
  readonly only?: Conditions;
}

/**
 * Expands the grid of a configuration; resolves and checks every cell.
 * @throws InvalidConfigurationError with everything that is wrong with any cell; ConfigError where an override has no effect in a cell
 */
export async function planSweep(request: PlanRequest): Promise<PlannedCell[]> {
  const { registry, only } = request;
  const { source, overrides } = applyToGrid(request.source, request.overrides ?? []);
  const { grid: _, ...base } = source.value;
  const single: ConfigurationSource = { ...source, value: base };
  const written = writtenValues(source, ['grid']);
  const grid = readGrid({ ...source, value: { ...base, grid: zerosAsText(source, ['grid']) } });
  const choices = expandGrid(grid, base).filter(({ values }) => !only || holds(only, values, base));
  if (choices.length === 0) throw new ConfigError('The sweep has no cell.', { where: 'grid' });
  if (choices.length > CELLS) {
    const message = `The sweep has ${choices.length.toLocaleString('en')} cells; at most ${CELLS.toLocaleString('en')} are run.`;
    throw new ConfigError(message, { where: 'grid', remedy: 'Take values away, or make several sweeps of it.' });
  }

  const problems = new Map<string, { error: InvalidConfigurationError; cells: string[] }>();
  const lost = new Map<string, string[]>();
  let wrong = 0;
  const resolved = choices.flatMap((choice) => {
    if (wrong >= WRONG) return [];
    const own = Object.entries(choice.values).map(([path, value]) => `${path}=${asWritten(value, written)}`);
    try {
      const { output: _output, ...configuration } = resolveConfiguration(single, {
        registry,
        overrides: [...overrides, ...own],
      });
      for (const text of overruled(overrides, choice.values, configuration)) {
        lost.set(text, [...(lost.get(text) ?? []), describeChoice(choice)]);
      }
      const named = grid.first.findIndex((conditions) => holds(conditions, choice.values, base));
      const priority = named < 0 ? grid.first.length : named;
      const values = withTextsOf(choice.values, configuration);
      return [{ ...choice, values, priority, configuration: configuration as ResolvedConfiguration }];
    } catch (error) {
      if (!(error instanceof InvalidConfigurationError)) throw error;
      const known = problems.get(error.message) ?? { error, cells: [] };
      known.cells.push(describeChoice(choice));
      wrong += 1;
      problems.set(error.message, known);
      return [];
    }
  });
  if (problems.size > 0) {
    throw new InvalidConfigurationError(
      [...problems.values()].flatMap(({ error, cells }) =>
        error.problems.map((problem) => ({
          ...problem,
          message: `${problem.message} (${firstOf(cells, wrong >= WRONG)})`,
        })),
      ),
    );
  }
  const [overridden] = lost;
  if (overridden) {
    const [text, cells] = overridden;
    throw new ConfigError(`override "${text}": the grid itself chooses another value (${firstOf(cells)})`, {
      where: text,
      remedy: 'Change it in the grid: in its list, zip or sample, or in the axis of the whole part.',
    });
  }
  return identify(resolved, registry, resolve(request.folder), request.setBackend);
}

/** `prompt.use=coop, seed=1`, or the name and the rest. */
export function describeChoice({ name, standsFor = [], values }: Choice): string {
  const others = Object.entries(values).filter(([path]) => !standsFor.includes(path));
  const texts = others.map(([path, value]) => `${path}=${shortText(value)}`);
  return [...(name === undefined ? [] : [name]), ...texts].join(', ');
}

/** A value as tables show it: a part by its name and its options. */
export function shortText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'use' in value) {
    const { use, ...options } = value;
    return [
      typeof use === 'string' ? use : JSON.stringify(use),
      ...Object.entries(options).map(([key, option]) => `${key}=${JSON.stringify(option)}`),
    ].join(' ');
  }
  return JSON.stringify(value) ?? '';
}

/** @param stopped looking, so that there may be more */
function firstOf(cells: readonly string[], stopped = false): string {
  const others = `and ${cells.length - 1}${stopped ? ' or more others' : ' more'}`;
  return cells.length === 1 ? `cell ${cells[0]}` : `cell ${cells[0]}, ${others}`;
}

async function identify(
  cells: readonly (Choice & Pick<PlannedCell, 'configuration' | 'priority'>)[],
  registry: Registry,
  folder: string,
  setBackend: PlanRequest['setBackend'],
): Promise<PlannedCell[]> {
  const backbones = new Map<string, Promise<BackboneIdentity>>();
  const planned = new Map<string, PlannedCell>();
  for (const cell of cells) {
    const { configuration } = cell;
    const key = canonicalJson(configuration.backbone);
    if (!backbones.has(key)) backbones.set(key, identityOfBackbone(configuration, registry, folder, setBackend));
    const { digest, preprocessing, settings } = await backbones.get(key)!;
    const identity = {
      configuration: configurationHash(configuration),
      checkpoint: digest,
      preprocessing,
      ...(settings && { settings }),
      plugins: modulesInUse(configuration, registry),
    };
    const id = createHash('sha256').update(canonicalJson(identity)).digest('hex').slice(0, 16);
    if (!planned.has(id)) planned.set(id, { ...cell, id, identity });
  }
  return [...planned.values()];
}

async function identityOfBackbone(
  { backbone, seed, runtime }: ResolvedConfiguration,
  registry: Registry,
  folder: string,
  setBackend: PlanRequest['setBackend'],
): Promise<BackboneIdentity> {
  const plugin = registry.get('backbone', backbone.use);
  const context = { folder, seed, fast: runtime.fast, services: basicServices(seed) };
  if (plugin.identity) return backboneIdentity(await plugin.identity(context, optionsOf(backbone)));
  await setBackend?.();
  const made = await plugin.create(context, optionsOf(backbone));
  made.dispose();
  return backboneIdentity(made);
}
