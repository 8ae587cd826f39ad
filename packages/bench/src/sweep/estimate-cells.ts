import { ConfigError, PromptweaveError } from '@promptweave/core';
import {
  createExperiment,
  resolveConfiguration,
  TOKENS,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import type { RunEnvironment } from '../protocols/protocol-run.js';
import { groupBy } from '../report/analysis/group-by.js';
import { cellWorks, costKey, measuredRate, partsKey, type CellWork, type MachineMemory } from './cell-work.js';
import type { CellEstimate } from './engine.js';
import type { ImpossibleCell, MendingChange } from './impossible-cells.js';

/** A cell whose cost is asked for. */
export interface EstimatedCell {
  readonly id: string;
  /** The cell for people. */
  readonly cell: string;
  readonly configuration: ResolvedConfiguration;
  /** Seconds that it took, where it is finished. */
  readonly took?: number;
}

/** What is known about cells before they run. */
export interface SweepEstimate {
  readonly cells: Readonly<Record<string, CellEstimate>>;
  /** Why cells could not be estimated; the same reason once. */
  readonly problems: readonly string[];
  readonly impossible: readonly ImpossibleCell[];
  /** Of the impossible cells. */
  readonly mending?: MendingChange;
}

/** How cells are looked at. */
export interface EstimateOptions {
  /** Cells run on other machines, which may have what this one lacks: data, weights, memory. */
  readonly elsewhere?: boolean;
  /** Whether expected times are wanted, for which this machine is measured. Default true. */
  readonly times?: boolean;
}

/** Changes that are tried on the cells that cannot work. */
const TRIED = 6;

/**
 * Checks cells by making their parts, and estimates them by counting their operations (cells that differ in seed or rate alone once) and dividing by
 * the speed of the image tower on this machine. Finished cells correct that: those of equal cost say how long it takes, the others by how much the
 * count is wrong.
 *
 * @param folder that relative paths of the configurations refer to
 */
export async function estimateCells(
  cells: readonly EstimatedCell[],
  environment: RunEnvironment,
  folder: string,
  { elsewhere = false, times = true }: EstimateOptions = {},
): Promise<SweepEstimate> {
  const looked = new Map<string, CellWork | PromptweaveError | undefined>();
  const memory = elsewhere ? {} : await memoryHere(environment);
  const look = async (all: readonly ResolvedConfiguration[]): Promise<void> => {
    const fresh = [...new Map(all.map((configuration) => [costKey(configuration), configuration]))];
    const open = groupBy(
      fresh.filter(([key]) => !looked.has(key)),
      ([, configuration]) => partsKey(configuration),
    );
    for (const group of open.values()) {
      const found = await cellWorks(
        group.map(([, configuration]) => configuration),
        environment,
        folder,
        memory,
      );
      group.forEach(([key], i) => looked.set(key, found[i]));
    }
  };
  const ordered = groupedByBackbone(cells);
  await look(ordered.map(({ configuration }) => configuration));
  const impossible: (ImpossibleCell & { readonly configuration: ResolvedConfiguration })[] = [];
  const problems = new Set<string>();
  for (const { id, cell, configuration } of ordered) {
    const found = looked.get(costKey(configuration));
    if (!found) problems.add(`The backbone "${configuration.backbone.use}" does not tell what a step costs.`);
    if (!(found instanceof PromptweaveError)) continue;
    const { message, where, remedy, change } = found;
    if (elsewhere && !(found instanceof ConfigError))
      problems.add(where === undefined ? message : `${message} (${where})`);
    else impossible.push({ id, cell, message, where, remedy, change, configuration });
  }
  const told = impossible.map(({ configuration: _, ...cell }) => cell);
  const mending = await mendingChange(impossible, environment, async (changed) => {
    await look(changed);
    return changed.map((configuration) => !(looked.get(costKey(configuration)) instanceof PromptweaveError));
  });
  const work = (configuration: ResolvedConfiguration): CellWork | undefined => {
    const found = looked.get(costKey(configuration));
    return found instanceof PromptweaveError ? undefined : found;
  };
  const known = cells.find(({ configuration }) => work(configuration));
  const rest = { problems: [...problems], impossible: told, ...(mending && { mending }) };
  if (!known || !times) return { cells: {}, ...rest };
  const rate = await rateOf(known.configuration, environment, folder);
  const base = await heldBytes(environment);
  const counted = (cell: EstimatedCell): number => (work(cell.configuration)?.flops ?? 0) / rate;
  const seconds = corrected(cells, counted);
  const estimates = cells.flatMap((cell): [string, CellEstimate][] => {
    const found = work(cell.configuration);
    return found ? [[cell.id, { seconds: seconds(cell), bytes: base + found.bytes }]] : [];
  });
  return { cells: Object.fromEntries(estimates), ...rest };
}

async function memoryHere({ container }: RunEnvironment): Promise<MachineMemory> {
  if (!container.isRegistered(TOKENS.availableBytes, true)) return {};
  return { available: await container.resolve(TOKENS.availableBytes)() };
}

async function heldBytes({ container }: RunEnvironment): Promise<number> {
  const known = container.isRegistered(TOKENS.heldBytes, true);
  return known ? container.resolve(TOKENS.heldBytes)() : process.memoryUsage().rss;
}

/** Of the changes that the errors name, the one with which most of the cells work. */
async function mendingChange(
  cells: readonly (ImpossibleCell & { readonly configuration: ResolvedConfiguration })[],
  { registry }: RunEnvironment,
  work: (configurations: readonly ResolvedConfiguration[]) => Promise<readonly boolean[]>,
): Promise<MendingChange | undefined> {
  const changes = [...new Set(cells.flatMap(({ change }) => change ?? []))].slice(0, TRIED);
  let best: MendingChange | undefined;
  for (const change of changes) {
    const changed = cells.flatMap(({ configuration }) => withChange(configuration, change, registry) ?? []);
    const mends = (await work(changed)).filter(Boolean).length;
    if (mends > (best?.mends ?? 0)) best = { change, mends, tried: true };
  }
  return best;
}

/** Undefined where the cell has no such option. */
function withChange(
  configuration: ResolvedConfiguration,
  change: string,
  registry: RunEnvironment['registry'],
): ResolvedConfiguration | undefined {
  try {
    return resolveConfiguration(configuration, { registry, overrides: [change] });
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Seconds of a cell: the mean of finished ones of equal cost, or the count times the median error of the others. */
export function corrected(
  cells: readonly EstimatedCell[],
  counted: (cell: EstimatedCell) => number,
): (cell: EstimatedCell) => number {
  const finished = cells.filter(({ took }) => took !== undefined);
  const took = new Map<string, number[]>();
  for (const { configuration, took: seconds } of finished) {
    const key = costKey(configuration);
    took.set(key, [...(took.get(key) ?? []), seconds!]);
  }
  const errors = finished.filter((cell) => counted(cell) > 0).map((cell) => cell.took! / counted(cell));
  const factor = errors.sort((a, b) => a - b)[Math.floor(errors.length / 2)] ?? 1;
  return (cell) => {
    const same = took.get(costKey(cell.configuration));
    return same ? same.reduce((sum, seconds) => sum + seconds, 0) / same.length : factor * counted(cell);
  };
}

/** A process holds one backbone at a time. */
function groupedByBackbone(cells: readonly EstimatedCell[]): EstimatedCell[] {
  return [...groupBy(cells, ({ configuration }) => JSON.stringify(configuration.backbone)).values()].flat();
}

async function rateOf(
  configuration: ResolvedConfiguration,
  environment: RunEnvironment,
  folder: string,
): Promise<number> {
  const experiment = await createExperiment(configuration, { ...environment, folder });
  try {
    return measuredRate(experiment);
  } finally {
    experiment.dispose();
  }
}
