import { PromptweaveError } from '@promptweave/core';
import { createExperiment, type ResolvedConfiguration } from '@promptweave/core/experiment';
import type { RunEnvironment } from '../protocols/protocol-run.js';
import { cellWork, costKey, measuredRate, type CellWork } from './cell-work.js';
import type { CellEstimate } from './engine.js';

/** A cell whose cost is asked for. */
export interface EstimatedCell {
  readonly id: string;
  readonly configuration: ResolvedConfiguration;
  /** Seconds that it took, where it is finished. */
  readonly took?: number;
}

/** What is known about the cost of cells. */
export interface SweepEstimate {
  readonly cells: Readonly<Record<string, CellEstimate>>;
  /** Why cells could not be estimated; the same reason once. */
  readonly problems: readonly string[];
}

/**
 * Estimates cells by counting their operations (cells that differ in seed or rate alone once) and dividing by the speed of the image tower
 * on this machine. Finished cells correct that: those of equal cost say how long it takes, the others by how much the count is wrong.
 *
 * @param folder that relative paths of the configurations refer to
 */
export async function estimateCells(
  cells: readonly EstimatedCell[],
  environment: RunEnvironment,
  folder: string,
): Promise<SweepEstimate> {
  const works = new Map<string, CellWork | undefined>();
  const problems = new Set<string>();
  for (const { configuration } of groupedByBackbone(cells)) {
    const key = costKey(configuration);
    if (works.has(key)) continue;
    try {
      works.set(key, await cellWork(configuration, environment, folder));
    } catch (error) {
      if (!(error instanceof PromptweaveError)) throw error;
      works.set(key, undefined);
      problems.add(error.where === undefined ? error.message : `${error.message} (${error.where})`);
    }
  }
  const known = cells.find(({ configuration }) => works.get(costKey(configuration)));
  if (!known) return { cells: {}, problems: [...problems] };
  const rate = await rateOf(known.configuration, environment, folder);
  const base = process.memoryUsage().rss;
  const counted = (cell: EstimatedCell): number => (works.get(costKey(cell.configuration))?.flops ?? 0) / rate;
  const seconds = corrected(cells, counted);
  const estimates = cells.flatMap((cell): [string, CellEstimate][] => {
    const work = works.get(costKey(cell.configuration));
    return work ? [[cell.id, { seconds: seconds(cell), bytes: base + work.bytes }]] : [];
  });
  return { cells: Object.fromEntries(estimates), problems: [...problems] };
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
  const groups = new Map<string, EstimatedCell[]>();
  for (const cell of cells) {
    const key = JSON.stringify(cell.configuration.backbone);
    const group = groups.get(key);
    if (group) group.push(cell);
    else groups.set(key, [cell]);
  }
  return [...groups.values()].flat();
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
