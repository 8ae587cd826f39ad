import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { ConfigError, type BackboneIdentity } from '@promptweave/core';
import {
  applyOverride,
  backboneIdentity,
  basicServices,
  canonicalJson,
  configurationHash,
  contentsOf,
  hasContents,
  modulesInUse,
  optionsOf,
  parseOverride,
  type ConfigurationSource,
  type Contents,
  type Registry,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import { holds, holdsForSure, type Compared } from './conditions.js';
import { expandGrid, type Choice } from './expand.js';
import { readGrid, type Conditions, type Grid } from './grid.js';
import { applyToGrid } from './grid-overrides.js';
import type { ImpossibleCell } from './impossible-cells.js';
import { checkConditions, checkGridPaths } from './option-paths.js';
import { comparedOf, resolveCells, type ResolvedCell } from './resolve-cells.js';
import { zerosAsText } from './written-values.js';

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
  /** SHA-256 of the files that its parts read, by the options that name them; absent where there are none. */
  readonly contents?: Contents;
}

/** Cells of one sweep: each has a folder with a dozen files. */
const CELLS = 20_000;

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
  /** Told of each cell that cannot be, which is then left out; without it, such a cell is an error. */
  readonly onImpossible?: (cell: ImpossibleCell) => void;
  /** Something that people should know of the grid. */
  readonly onNote?: (message: string) => void;
}

/**
 * Expands the grid of a configuration; resolves every cell.
 * @throws InvalidConfigurationError with everything that is wrong with the options of any cell; ConfigError where an override has no effect in a
 * cell, or two sections of the grid set the same option
 */
export async function planSweep(request: PlanRequest): Promise<PlannedCell[]> {
  const { registry, only } = request;
  const { source, overrides } = applyToGrid(request.source, request.overrides ?? []);
  const { grid: _, search: _search, ...base } = source.value;
  const grid = readGrid({ ...source, value: { ...base, grid: zerosAsText(source, ['grid']) } });
  checkGridPaths(grid, source, registry);
  if (only) checkConditions(only, registry, '--only');
  const all = expandGrid({ ...grid, except: [] }, base);
  const said = overrides.map(parseOverride).reduce(applyOverride, base);
  const choices = all.filter(
    (choice) => !grid.except.some((conditions) => holdsForSure(conditions, { ...choice, base: said })),
  );
  if (choices.length === 0) throw new ConfigError('The sweep has no cell.', { where: 'grid' });
  if (choices.length > CELLS) {
    const message = `The sweep has ${choices.length.toLocaleString('en')} cells; at most ${CELLS.toLocaleString('en')} are run.`;
    throw new ConfigError(message, { where: 'grid', remedy: 'Take values away, or make several sweeps of it.' });
  }
  const resolved = resolveCells(choices, grid, { ...request, source, overrides, base, said });
  noteIdle(
    grid,
    [...all.map((choice) => ({ ...choice, base: said })), ...resolved.map((cell) => comparedOf(cell, said))],
    request,
  );
  const cells = resolved.filter((cell) => {
    const compared = comparedOf(cell, said);
    return !grid.except.some((conditions) => holds(conditions, compared)) && (!only || holds(only, compared));
  });
  if (cells.length === 0) {
    const remedy = only && `None of its ${resolved.length} cells has ${JSON.stringify(only)}.`;
    throw new ConfigError('The sweep has no cell.', { where: only ? '--only' : 'grid', remedy });
  }
  return identify(cells, registry, resolve(request.folder), request.setBackend);
}

/** Tells of conditions that no cell has: they may be meant for others. */
function noteIdle({ except, first }: Grid, cells: readonly Compared[], { onNote }: PlanRequest): void {
  if (!onNote) return;
  for (const [section, conditions] of Object.entries({ except, first })) {
    for (const each of conditions.filter((each) => !cells.some((cell) => holds(each, cell)))) {
      onNote(`grid.${section}: no cell has ${JSON.stringify(each)}.`);
    }
  }
}

async function identify(
  cells: readonly ResolvedCell[],
  registry: Registry,
  folder: string,
  setBackend: PlanRequest['setBackend'],
): Promise<PlannedCell[]> {
  const backbones = new Map<string, Promise<BackboneIdentity>>();
  const digests = new Map<string, string>();
  const planned = new Map<string, PlannedCell>();
  for (const cell of cells) {
    const { configuration } = cell;
    const key = canonicalJson(configuration.backbone);
    if (!backbones.has(key)) backbones.set(key, identityOfBackbone(configuration, registry, folder, setBackend));
    const { digest, preprocessing, settings } = await backbones.get(key)!;
    const contents = contentsOf(configuration, registry, folder, digests);
    const identity = {
      configuration: configurationHash(configuration),
      checkpoint: digest,
      preprocessing,
      ...(settings && { settings }),
      plugins: modulesInUse(configuration, registry),
      ...(hasContents(contents) && { contents }),
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
  const { fast, precision } = runtime;
  const context = { folder, seed, fast, precision, services: basicServices(seed) };
  if (plugin.identity) return backboneIdentity(await plugin.identity(context, optionsOf(backbone)));
  await setBackend?.();
  const made = await plugin.create(context, optionsOf(backbone));
  made.dispose();
  return backboneIdentity(made);
}
