import { relative } from 'node:path';
import { describeChoice } from '../sweep/plan.js';
import { SweepFolder } from '../sweep/sweep-folder.js';
import { htmlPage } from './html-page.js';
import { confusionMatrix, costAgainst, figureBars, learningCurves, rowName, type Picture } from './pictures.js';
import { learningPoints, resultOf } from './run-details.js';
import { studyText } from './study-text.js';
import { figureText, studyTable } from './table.js';
import type { StudiedCell, Study } from './study.js';

/** A report as files hold it. */
export interface StudyReport {
  /** One page that needs nothing else, not even a network. */
  readonly html: string;
  readonly markdown: string;
}

/** Makes the report of a study. */
export async function studyReport(study: Study): Promise<StudyReport> {
  const leading = study.figures.includes('HM') ? 'HM' : study.figures[0];
  const best = leading === undefined ? undefined : bestOf(study, leading);
  const pictures = [
    await figureBars(study),
    await learningCurves(learningPoints(study)),
    leading === undefined ? undefined : await costAgainst(leading, study),
    ...(best ? await confusions(best.row, best.cell) : []),
  ].filter((picture): picture is Picture => picture !== undefined);
  const reproduce = study.cells.map((cell) => ({ cell: describeCell(cell), command: commandOf(study, cell) }));
  const failures = study.failures.map(({ cell, failure }) => ({
    cell: describeCell(cell),
    message: [failure.message, failure.remedy].filter(Boolean).join(' '),
  }));
  const html = htmlPage({
    title: study.name,
    protocol: study.protocol,
    intro: introOf(study, best && leading ? `${best.row}: ${leading} ${figureText(best.figure)} %` : undefined),
    table: studyTable(study),
    pictures,
    failures,
    reproduce,
  });
  const commands = reproduce.map(({ cell, command }) => `- ${cell}: \`${command}\``);
  const markdown = [`# ${study.name}`, studyText(study, 'markdown'), '## Reproduce', commands.join('\n'), ''].join(
    '\n\n',
  );
  return { html, markdown };
}

function introOf({ cells, seeds, failures }: Study, best: string | undefined): string {
  const finished = cells.filter(({ state }) => state.status === 'finished').length;
  const parts = [
    `${finished} of ${cells.length} cells finished${failures.length > 0 ? `, ${failures.length} failed` : ''}.`,
    seeds.length > 1 ? `Percent, mean ± standard deviation over seeds ${seeds.join(', ')}.` : 'Percent, one seed.',
  ];
  return [...parts, ...(best ? [`Best: ${best}.`] : [])].join(' ');
}

function bestOf({ rows }: Study, figure: string) {
  const [row] = rows
    .filter((candidate) => candidate.figures[figure])
    .sort((a, b) => b.figures[figure]!.mean - a.figures[figure]!.mean);
  const cell = row?.cells.find(({ state }) => state.status === 'finished');
  return row && cell && { row: rowName(row), cell, figure: row.figures[figure]! };
}

async function confusions(row: string, cell: StudiedCell): Promise<Picture[]> {
  const evaluations = Object.entries(resultOf(cell)?.evaluations ?? {}).slice(0, 2);
  return Promise.all(
    evaluations.map(([name, { classes, confusion }]) =>
      confusionMatrix(
        `Confusions of ${row} on ${name}`,
        classes.map((entry) => entry.name),
        confusion,
      ),
    ),
  );
}

function describeCell(cell: StudiedCell): string {
  const seed = cell.name !== undefined && 'seed' in cell.values ? `, seed=${String(cell.values['seed'])}` : '';
  return describeChoice(cell) + seed;
}

/** The command that runs this cell alone, in a new folder. */
function commandOf({ folder }: Study, { values, id }: StudiedCell): string {
  const { configuration, overrides } = new SweepFolder(folder).describe();
  const file = relative('.', `${folder}/${configuration}`);
  const only = Object.entries(values).map(([path, value]) => quoted(`${path}=${JSON.stringify(value)}`));
  const words = ['promptweave', 'sweep', file, ...overrides.map(quoted), '--output', `runs/again-${id.slice(0, 6)}`];
  return [...words, ...(only.length > 0 ? ['--only', ...only] : [])].join(' ');
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./=:,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
