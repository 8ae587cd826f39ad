import { ConfigError } from '@promptweave/core';
import {
  describePlace,
  InvalidConfigurationError,
  resolveConfiguration,
  type ConfigurationSource,
  type Registry,
  type ResolvedConfiguration,
} from '@promptweave/core/experiment';
import { carriedOptions } from './carried-options.js';
import { holds, type Compared } from './conditions.js';
import type { Choice } from './expand.js';
import type { Grid } from './grid.js';
import { overruled } from './grid-overrides.js';
import type { ImpossibleCell } from './impossible-cells.js';
import { describeChoice } from './short-text.js';
import { asWritten, withTextsOf, writtenValues } from './written-values.js';

type Mapping = Readonly<Record<string, unknown>>;

/** A cell with all of its options. */
export interface ResolvedCell extends Choice {
  readonly configuration: ResolvedConfiguration;
  /** Cells with lower numbers run first. */
  readonly priority: number;
}

/** What cells are resolved with. */
export interface ResolveRequest {
  /** The configuration with its grid. */
  readonly source: ConfigurationSource;
  /** Without its grid. */
  readonly base: Mapping;
  /** The same with the overrides: what holds for every cell. */
  readonly said: Mapping;
  readonly registry: Registry;
  /** `path=value` each, for every cell. */
  readonly overrides: readonly string[];
  readonly onImpossible?: (cell: ImpossibleCell) => void;
  readonly onNote?: (message: string) => void;
}

/** Cells with something wrong, after which no more are looked at where they are an error. */
const WRONG = 500;

/** What conditions of the grid are compared with. */
export function comparedOf({ name, values, configuration }: ResolvedCell, base: Mapping): Compared {
  return { name, values, base, resolved: configuration };
}

/**
 * Gives every cell all of its options.
 * @throws InvalidConfigurationError with what is wrong with any cell, or with all of them where some may be; ConfigError where an override has
 * no effect in a cell
 */
export function resolveCells(choices: readonly Choice[], grid: Grid, request: ResolveRequest): ResolvedCell[] {
  const { source, base, said, registry, overrides, onImpossible, onNote } = request;
  const single: ConfigurationSource = { ...source, value: base };
  const written = writtenValues(source, ['grid']);
  const writtenBase = writtenValues(single, []);
  const problems = new Map<string, { error: InvalidConfigurationError; cells: string[] }>();
  const lost = new Map<string, string[]>();
  const notes = new Set<string>();
  let wrong = 0;
  const resolved = choices.flatMap((choice) => {
    if (wrong >= WRONG && !onImpossible) return [];
    const carried = carriedOptions(base, choice.values, registry, writtenBase);
    const own = Object.entries(choice.values).map(([path, value]) => `${path}=${asWritten(value, written)}`);
    try {
      const { output: _output, ...configuration } = resolveConfiguration(single, {
        registry,
        overrides: [...carried.overrides, ...overrides, ...own],
      });
      carried.notes.forEach((note) => notes.add(note));
      for (const text of overruled(overrides, choice.values, configuration)) {
        lost.set(text, [...(lost.get(text) ?? []), describeChoice(choice)]);
      }
      const values = withTextsOf(choice.values, configuration);
      const cell = { ...choice, values, priority: 0, configuration: configuration as ResolvedConfiguration };
      const named = grid.first.findIndex((conditions) => holds(conditions, comparedOf(cell, said)));
      return [{ ...cell, priority: named < 0 ? grid.first.length : named }];
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
    if (!onImpossible || resolved.length === 0) throw joined(problems, wrong >= WRONG && !onImpossible);
    for (const { error, cells } of problems.values()) cells.forEach((cell) => onImpossible(impossible(error, cell)));
  }
  const [overridden] = lost;
  if (overridden) {
    const [text, cells] = overridden;
    throw new ConfigError(`override "${text}": the grid itself chooses another value (${firstOf(cells)})`, {
      where: text,
      remedy: 'Change it in the grid: in its list, zip or sample, or in the axis of the whole part.',
    });
  }
  notes.forEach((note) => onNote?.(note));
  return resolved;
}

function joined(
  problems: ReadonlyMap<string, { readonly error: InvalidConfigurationError; readonly cells: readonly string[] }>,
  stopped: boolean,
): InvalidConfigurationError {
  return new InvalidConfigurationError(
    [...problems.values()].flatMap(({ error, cells }) =>
      error.problems.map((problem) => ({ ...problem, message: `${problem.message} (${firstOf(cells, stopped)})` })),
    ),
  );
}

function impossible({ problems }: InvalidConfigurationError, cell: string): ImpossibleCell {
  const messages = problems.map(({ path, message }) => [path, message].filter(Boolean).join(': '));
  return { cell, message: messages.join('; '), where: describePlace(problems[0]!.place) };
}

/** @param stopped looking, so that there may be more */
function firstOf(cells: readonly string[], stopped = false): string {
  const others = `and ${cells.length - 1}${stopped ? ' or more others' : ' more'}`;
  return cells.length === 1 ? `cell ${cells[0]}` : `cell ${cells[0]}, ${others}`;
}
