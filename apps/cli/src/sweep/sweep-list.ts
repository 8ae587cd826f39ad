import { describeChoice, gibibytes, type PlannedCell, type SweepEstimate, type SweepFolder } from '@promptweave/bench';
import { duration } from '@promptweave/core/experiment';

/** What a dry run prints: the cells in the order in which they would run, where they stand, and what they are expected to take. */
export function listCells(
  planned: readonly PlannedCell[],
  { cells: estimates, problems, impossible }: SweepEstimate,
  { folder, retries, json, limit = Infinity }: { folder: SweepFolder; retries: number; json: boolean; limit?: number },
): string {
  const all = planned.map((cell) => {
    const status = impossible.some(({ id }) => id === cell.id)
      ? 'impossible'
      : folder.cell(cell.id).state({ retries }).status;
    return { id: cell.id, cell: describeChoice(cell), status, ...estimates[cell.id] };
  });
  const isOpen = ({ status }: (typeof all)[number]): boolean => !['finished', 'failed', 'impossible'].includes(status);
  const open = all.filter(isOpen).slice(0, limit);
  const listed = limit === Infinity ? all : open;
  if (json) return JSON.stringify(listed, undefined, 2);
  const lines = listed.map(({ id, cell, status, seconds, bytes }) => {
    const cost = seconds === undefined ? '' : `${duration(seconds)}, ${gibibytes(bytes!)}`;
    return `${id}  ${status.padEnd(11)}  ${cost.padEnd(17)}  ${cell}`;
  });
  const seconds = open.reduce((sum, cell) => sum + (cell.seconds ?? 0), 0);
  const most = Math.max(0, ...open.map(({ bytes }) => bytes ?? 0));
  const cost =
    most > 0 ? `; about ${duration(seconds)} one after the other, up to ${gibibytes(most)} at once each` : '';
  return [
    ...lines,
    ...problems.map((problem) => `No estimate: ${problem}`),
    `${listed.length} cells, ${open.length} of them to be run${cost}, in ${folder.path}.`,
  ].join('\n');
}
