import {
  basicServices,
  optionsOf,
  resolveConfiguration,
  type Registry,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import type { BenchmarkConfiguration } from './benchmark-configuration.js';

/** Options that name a block of a tower, by section. The presets have them for towers of so many blocks. */
const BLOCKS = {
  prompt: ['depth', 'visionDepth', 'first', 'last', 'classBlock'],
  tuning: ['start', 'end'],
} as const;
const PUBLISHED = 12;

/** A benchmark for towers with fewer blocks than those of the papers. */
export interface FittedBenchmark {
  readonly configuration: BenchmarkConfiguration;
  /** What was changed, for people. */
  readonly notes: readonly string[];
}

/**
 * Where the presets of methods name blocks that the towers do not have, takes those at the same share of the depth. What the command or an override
 * sets stays.
 *
 * @param folder that relative paths refer to
 * @param overrides `path=value` each, for every cell
 */
export async function fitDepths(
  configuration: BenchmarkConfiguration,
  registry: Registry,
  folder: string,
  overrides: readonly string[] = [],
): Promise<FittedBenchmark> {
  const blocks = await blocksOf(configuration, registry, folder);
  if (blocks === undefined || blocks >= PUBLISHED) return { configuration, notes: [] };
  const { grid, ...base } = configuration;
  const notes: string[] = [];
  const list = grid.list.map((entry) => {
    const { name, ...values } = entry;
    const own = Object.entries({ dataset: grid.dataset[0], ...values });
    const texts = own.map(([path, value]) => `${path}=${JSON.stringify(value)}`);
    const resolved = resolveConfiguration(base, { registry, overrides: texts });
    const set = new Set([...Object.keys(values), ...overrides.map((text) => text.split('=', 1)[0]!.trim())]);
    const changes = scaled(resolved, blocks).filter(([path]) => !set.has(path));
    for (const [path, value, from] of changes) {
      notes.push(
        `${String(name)}: ${path}=${value}, for the towers have ${blocks} blocks (${from} of ${PUBLISHED} in its preset).`,
      );
    }
    return { ...entry, ...Object.fromEntries(changes) };
  });
  return { configuration: { ...configuration, grid: { ...grid, list } }, notes };
}

/** Path, value for these towers, and the preset's. */
function scaled(configuration: ResolvedConfiguration, blocks: number): [path: string, value: number, from: number][] {
  return (['prompt', 'tuning'] as const).flatMap((section) => {
    const part = configuration[section];
    const named = BLOCKS[section].flatMap((option): [string, number][] => {
      const value = part[option];
      return typeof value === 'number' ? [[option, value]] : [];
    });
    const isBeyond = named.some(([option, value]) => value > blocks - (option === 'classBlock' ? 1 : 0));
    if (!isBeyond) return [];
    return named.map(([option, value]): [string, number, number] => {
      return [`${section}.${option}`, Math.max(1, Math.round((value * blocks) / PUBLISHED)), value];
    });
  });
}

/** Blocks of the smaller tower; undefined where the backbone does not tell before it is made. */
async function blocksOf(
  { backbone }: BenchmarkConfiguration,
  registry: Registry,
  folder: string,
): Promise<number | undefined> {
  const plugin = registry.get('backbone', backbone.use);
  const context = { folder, seed: 1, services: basicServices(1) };
  const shape = await plugin.shape?.(context, plugin.options.parse(optionsOf(backbone)) as never);
  return shape && Math.min(shape.text.layers, shape.vision.layers);
}
