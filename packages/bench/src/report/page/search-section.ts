import type { Picture } from '../draw.js';
import type { SearchedCell } from '../searched-cells.js';
import { escape, folded, parted, section, simpleTable, type Section } from './html.js';
import { figureHtml } from './sections.js';

/** Cells of a search that are listed. */
const LISTED = 100;

/** What a search has tried: the best with those near to it, the curves, and all cells; for each data set, protocol and number of shots. */
export function searchSection(
  searched: readonly (readonly SearchedCell[])[],
  pictures: readonly Picture[],
): Section | undefined {
  const all = searched.flat();
  if (all.length === 0) return undefined;
  const total = all.reduce((sum, { steps }) => sum + steps, 0);
  const finished = all.filter(({ cell }) => cell.state.status === 'finished').length;
  const note = `${all.length} cells were begun, ${finished} of them finished, with ${total.toLocaleString('en')} steps together. Chosen by validation images alone: figures of test images are in the results.`;
  const parts = searched.flatMap((own, i) => [
    nearTable(own),
    pictures[i] ? figureHtml(pictures[i]) : '',
    folded(`All ${own.length} cells`, allTable(own)),
  ]);
  return section('search', 'Search', `<p class="note">${escape(note)}</p>`, ...parts);
}

/** The best, and what changes of it did, each where both had come as far. */
function nearTable(searched: readonly SearchedCell[]): string {
  const [best] = searched;
  const near = searched.filter(({ place }) => place === 'neighbour');
  if (!best || near.length === 0) return '';
  const rows = [best, ...near].map(({ name, differs, curve, place }) => {
    const [epoch, last] = curve.at(-1)!;
    const then = best.curve.find(([at]) => at === epoch)?.[1];
    const points = then === undefined || place === 'best' ? '' : signed(100 * (last - then));
    return [
      place === 'best' ? `<b>${parted(name)}</b>` : parted(differs),
      String(epoch),
      percent(last),
      then === undefined ? '' : percent(then),
      points,
    ];
  });
  const head = ['the best, and what differs', 'epochs', 'validation accuracy', 'of the best then', 'points'];
  return `<h3>The best with its neighbours</h3>${simpleTable(head, rows)}`;
}

function allTable(searched: readonly SearchedCell[]): string {
  const rows = searched
    .slice(0, LISTED)
    .map(({ name, curve, steps, place, cell }) => [
      escape(name),
      place === 'other' ? '' : place,
      String(curve.at(-1)![0]),
      String(steps),
      percent(curve.at(-1)![1]),
      cell.state.status === 'finished' ? 'finished' : 'stopped',
    ]);
  const more = searched.length > LISTED ? `<p class="note">The ${LISTED} that came furthest are listed.</p>` : '';
  return simpleTable(['cell', '', 'epochs', 'steps', 'validation accuracy', ''], rows) + more;
}

function percent(fraction: number): string {
  return (100 * fraction).toFixed(1);
}

function signed(points: number): string {
  return `${points > 0 ? '+' : points < 0 ? '−' : ''}${Math.abs(points).toFixed(1)}`;
}
