import {
  applyOverride,
  parseOverride,
  searchSection,
  type ConfigurationSource,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import type { z } from 'zod';
import { readSection } from '../read-section.js';

/** Whether an override speaks about the search, and not about cells. */
export function isOfSearch(override: string): boolean {
  return parseOverride(override).path[0] === 'search';
}

/** How the cells of a grid are searched instead of all being run to their ends. */
export type Search = z.output<typeof searchSection>;

/**
 * The `search` section of a configuration, with what a command says of it laid over: `search={}`, `search.budget.cells=20`, or `search=null` for none;
 * undefined where there is none.
 * @throws InvalidConfigurationError with everything that is wrong
 */
export function readSearch(source: ConfigurationSource, overrides: readonly string[] = []): Search | undefined {
  const own = overrides.filter(isOfSearch);
  const file: Readonly<Record<string, unknown>> = { search: source.value['search'] };
  const written = own.reduce((value, text) => applyOverride(value, parseOverride(text)), file)['search'];
  if (written === undefined || (written === null && own.length > 0)) return undefined;
  return readSection('search', searchSection, written, source);
}

/**
 * Epochs at which cells are compared, the last training epoch left out: there a cell is finished.
 * @param warmup epochs at the warm-up's learning rate, which say nothing of a cell's own: the rungs are counted from their end
 */
export function rungsOf({ method, first, reduction }: Search, epochs: number, warmup = 0): number[] {
  const rungs: number[] = [];
  if (method === 'whole') return rungs;
  for (let rung = first; warmup + rung < epochs; rung *= reduction) rungs.push(warmup + rung);
  return rungs;
}

/** What keeps a cell from being searched; undefined where nothing does. */
export function unsearchable({ train }: ResolvedConfiguration): string | undefined {
  if (train.evaluateOn !== 'val') return 'train.evaluateOn is test, and test images choose nothing: set it to val';
  if (train.evaluateEvery !== 1) return 'cells are compared after epochs: set train.evaluateEvery=1';
  return undefined;
}
