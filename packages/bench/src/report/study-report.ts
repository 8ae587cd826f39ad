import { relative } from 'node:path';
import { runFile, runFiles } from '@promptweave/core/experiment';
import { shellWord } from '../shell-word.js';
import { describeChoice } from '../sweep/short-text.js';
import { SweepFolder } from '../sweep/sweep-folder.js';
import { htmlPage } from './html-page.js';
import { section, type Section } from './page/html.js';
import { searchSection } from './page/search-section.js';
import { resultSection } from './page/result-table.js';
import {
  beforeAfterSection,
  failureSection,
  figureHtml,
  reproduceSection,
  resolvedHtml,
  wordsSection,
} from './page/sections.js';
import type { Picture } from './pictures.js';
import { nameWithin } from './picture-rows.js';
import { rowName } from './row-name.js';
import { labelCell, reportContent, type ReportContent, type ReportOptions } from './report-content.js';
import { reportMarkdown } from './report-markdown.js';
import { protocolText, resultOf } from './run-details.js';
import { groupBy } from './analysis/group-by.js';
import type { SearchedCell } from './searched-cells.js';
import { testedAlike } from '../sweep/tested-alike.js';
import { earlyStops } from './study-text.js';
import { ranked, type Study } from './study.js';
import { figureText } from './table.js';

/** A report as files hold it. */
export interface StudyReport {
  /** One page that needs nothing else, not even a network. */
  readonly html: string;
  /** Shows the pictures as `pictures/NAME.svg`, from beside it. */
  readonly markdown: string;
  /** Every picture of the page. */
  readonly pictures: readonly Picture[];
}

/** Makes the report of a study. */
export async function studyReport(study: Study, options: ReportOptions = {}): Promise<StudyReport> {
  const content = await reportContent(study, options);
  const reproduce = commandsOf(study);
  const intro = introOf(content);
  const html = htmlPage({
    title: study.name,
    protocol: protocolText(study),
    intro,
    sections: sectionsOf(content, reproduce),
  });
  const pictures = Object.values(content.pictures).flat();
  return { html, markdown: reportMarkdown(content, intro, reproduce), pictures };
}

function sectionsOf(
  { study, comparison, pictures, labels, answers, words, thumbnails, searched }: ReportContent,
  reproduce: readonly { readonly cell: string; readonly command: string }[],
): Section[] {
  const drawn = (list: readonly Picture[]): string => list.map(figureHtml).join('\n');
  const resolved =
    labels &&
    resolvedHtml(labels.confusions, ({ set, images }) =>
      images.map((id) => thumbnails.get(labelCell(labels.pair), set, id)),
    );
  const failures = study.failures.map(({ cell, failure }) => ({
    cell: describeChoice(cell),
    message: [failure.message, failure.where && `(${failure.where})`, failure.remedy].filter(Boolean).join(' '),
    log: relative('.', runFile(cell.folder.path, runFiles.log)),
  }));
  const damaged = study.damaged.map(({ file, message }) => ({
    cell: 'A cell is not counted until the sweep runs again',
    message,
    log: relative('.', file),
  }));
  const sections = [
    resultSection(study, comparison),
    searchSection(searched, pictures.search),
    section('figures', 'Figures', drawn(pictures.figures)),
    section('axes', 'Along the axes', drawn(pictures.axes)),
    section('training', 'Training', drawn(pictures.training)),
    section('cost', 'Cost', drawn(pictures.cost)),
    section('labels', 'Learned labels', drawn(pictures.labels), resolved),
    beforeAfterSection(answers?.found, answers, thumbnails),
    section('confusion', 'Confusions', drawn(pictures.confusion)),
    wordsSection(words),
    failureSection([...failures, ...damaged]),
    reproduceSection(reproduce, madeWith(study)),
  ];
  return sections.filter((part) => part !== undefined);
}

function introOf({ study, best, searched }: ReportContent): string {
  const { cells, seeds, failures } = study;
  const finished = cells.filter(({ state }) => state.status === 'finished').length;
  const leading = searched.length > 0 ? undefined : best && leaders(study, best.figure);
  const parts = [
    `${finished} of ${cells.length} cells finished${failures.length > 0 ? `, ${failures.length} failed` : ''}.`,
    seeds.length > 1 ? `Percent, mean ± standard deviation over seeds ${seeds.join(', ')}.` : 'Percent, one seed.',
  ];
  return [
    ...parts,
    ...earlyStops(study),
    ...searched.slice(0, LEADERS).map(([found]) => chosenText(study, found!, best?.figure)),
    ...(searched.length > LEADERS ? [`And ${searched.length - LEADERS} more choices, in the tables.`] : []),
    ...(leading ? [`Best ${leading}.`] : []),
  ].join(' ');
}

/** What a search has chosen: figures of test images have no say, and the best of them may be another row's. */
function chosenText(study: Study, { cell, accuracy }: SearchedCell, figure: string | undefined): string {
  const row = study.rows.find(({ cells }) => cells.includes(cell));
  const found = figure === undefined ? undefined : row?.figures[figure];
  const result = found ? `; ${figure} in the results: ${figureText(found)}` : ', not finished yet';
  return `Chosen by validation images: ${row ? rowName(row) : describeChoice(cell)} (${(100 * accuracy).toFixed(1)} there)${result}.`;
}

/** Data sets, or choices of a search, that are told one by one; of more, how many each row leads, of so many rows. */
const LEADERS = 2;
const WINNERS = 3;

/** The best row of each data set: they are not compared with each other. */
function leaders(study: Study, figure: string): string {
  const groups = [...groupBy(study.rows, (row) => testedAlike(row.values)).values()];
  const best = groups.flatMap((rows) => ranked(rows, figure).slice(0, 1));
  if (best.length <= LEADERS) {
    return `${figure}: ${best.map((row) => `${rowName(row)} ${figureText(row.figures[figure]!)}`).join('; ')}`;
  }
  const winners = [...groupBy(best, (row) => nameWithin(study, row))].sort(([, a], [, b]) => b.length - a.length);
  const told = winners.slice(0, WINNERS).map(([name, rows]) => `${name} on ${rows.length}`);
  const others = winners.slice(WINNERS).reduce((sum, [, rows]) => sum + rows.length, 0);
  return `${figure}: ${[...told, ...(others > 0 ? [`others on ${others}`] : [])].join(', ')} of ${best.length} data sets`;
}

/** What the finished cells were computed with. */
function madeWith({ cells }: Study): string {
  const finished = cells.find(({ state }) => state.status === 'finished');
  const provenance = finished && resultOf(finished)?.provenance;
  if (!provenance) return 'No cell is finished.';
  const { git, backend, platform, versions, date } = provenance;
  const commit = git ? `, commit ${git.commit.slice(0, 12)}${git.changed ? ' with changes' : ''}` : '';
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `First finished cell: ${date.slice(0, 10)}, ${backend} on ${platform}${commit}; ${packages.join(', ')}. Every cell's folder holds its resolved configuration, environment and log.`;
}

/** For each cell the command that runs it alone, in a new folder: its values are the whole grid. */
export function commandsOf({ folder, cells }: Study): { readonly cell: string; readonly command: string }[] {
  const { configuration, overrides } = new SweepFolder(folder).describe();
  const file = relative('.', `${folder}/${configuration}`);
  return cells.map((cell) => {
    const grid = `grid=${JSON.stringify({ list: [cell.values] })}`;
    const words = [file, ...overrides, grid, '--output', `runs/again-${cell.id.slice(0, 6)}`];
    return { cell: describeChoice(cell), command: ['npx promptweave sweep', ...words.map(shellWord)].join(' ') };
  });
}
