import { relative } from 'node:path';
import { describeChoice } from '../sweep/plan.js';
import { SweepFolder } from '../sweep/sweep-folder.js';
import { htmlPage } from './html-page.js';
import { confusionMatrix, costAgainst, figureBars, learningCurves, rowName, type Picture } from './pictures.js';
import { learningPoints, resultOf } from './run-details.js';
import { studyText } from './study-text.js';
import { figureText, studyTable } from './table.js';
import { bestOf, type StudiedCell, type Study } from './study.js';

/** A report as files hold it. */
export interface StudyReport {
  /** One page that needs nothing else, not even a network. */
  readonly html: string;
  readonly markdown: string;
}

/** Makes the report of a study. */
export async function studyReport(study: Study): Promise<StudyReport> {
  const best = bestOf(study);
  const pictures = [
    await figureBars(study),
    await learningCurves(learningPoints(study)),
    best && (await costAgainst(best.figure, study)),
    ...(best ? await confusions(rowName(best.row), best.cell) : []),
  ].filter((picture): picture is Picture => picture !== undefined);
  const reproduce = study.cells.map((cell) => ({ cell: describeChoice(cell), command: commandOf(study, cell) }));
  const failures = study.failures.map(({ cell, failure }) => ({
    cell: describeChoice(cell),
    message: [failure.message, failure.remedy].filter(Boolean).join(' '),
  }));
  const html = htmlPage({
    title: study.name,
    protocol: study.protocol,
    intro: introOf(
      study,
      best && `${rowName(best.row)}: ${best.figure} ${figureText(best.row.figures[best.figure]!)} %`,
    ),
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
