import { ConfigError } from '@promptweave/core';
import { groupBy } from '../report/analysis/group-by.js';

/** A cell that cannot work as the grid says, found out before anything was run. */
export interface ImpossibleCell {
  /** The cell for people. */
  readonly cell: string;
  /** Its identity, where it got as far. */
  readonly id?: string;
  /** What was wrong, where, and what to do. */
  readonly message: string;
  readonly where?: string;
  readonly remedy?: string;
  /** `path=value` that would mend it. */
  readonly change?: string;
}

/** A change that makes cells work which do not as they are. */
export interface MendingChange {
  /** `path=value` that was tried, or a sentence. */
  readonly change: string;
  /** Cells that it mends. */
  readonly mends: number;
  /** Whether that was tried, or is only what the errors say. */
  readonly tried: boolean;
}

/** Cells of one reason that are named. */
const NAMED = 3;

/** All cells that cannot work, by their reasons, the most frequent first, and the change that mends most of them. */
export function impossibleText(cells: readonly ImpossibleCell[], best = frequentRemedy(cells)): string {
  const reasons = [...groupBy(cells, ({ message, where }) => `${message}${where ? ` (${where})` : ''}`)];
  const lines = reasons
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([reason, of]) => {
      const named = of.slice(0, NAMED).map(({ cell }) => cell || 'the only cell');
      const more = of.length > NAMED ? `; and ${of.length - NAMED} more` : '';
      const remedy = of[0]!.remedy;
      return [
        `  ${of.length === 1 ? '1 cell' : `${of.length} cells`}: ${reason}`,
        `    ${named.join('; ')}${more}`,
        ...(remedy ? [`    to do: ${remedy}`] : []),
      ];
    });
  const most =
    best &&
    (best.tried || reasons.length > 1) &&
    `The one change that mends most: ${best.change} (${best.mends} of ${cells.length}${best.tried ? '' : ', by what the errors say'}).`;
  return [...lines, ...(most ? [most] : [])].join('\n');
}

/** The error that ends a sweep with such cells. */
export function impossibleError(cells: readonly ImpossibleCell[], of: number, best?: MendingChange): ConfigError {
  const count = cells.length === of ? (of === 1 ? 'The cell' : `All ${of} cells`) : `${cells.length} of ${of} cells`;
  return new ConfigError(`${count} cannot work:\n${impossibleText(cells, best ?? frequentRemedy(cells))}`, {
    where: 'grid',
    remedy: 'Change the grid, or run the others: --skip-impossible.',
  });
}

/** What the errors of most cells say to do. */
function frequentRemedy(cells: readonly ImpossibleCell[]): MendingChange | undefined {
  const remedies = groupBy(
    cells.filter(({ remedy }) => remedy !== undefined),
    ({ remedy }) => remedy!,
  );
  const [most] = [...remedies].sort(([, a], [, b]) => b.length - a.length);
  return most && { change: most[0].replace(/\.$/, ''), mends: most[1].length, tried: false };
}
