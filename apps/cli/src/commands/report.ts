import { join } from 'node:path';
import type { Command } from 'commander';
import type { TableFormat } from '@promptweave/bench';
import { collect, oneOf } from '../terminal/one-of.js';

type PictureStyle = 'paper' | 'page';

interface ReportFlags {
  readonly format: TableFormat;
  readonly baseline?: readonly string[];
  readonly svg?: string | true;
  readonly png?: string | true;
  readonly figures?: string | true;
  readonly style: PictureStyle;
  readonly open?: boolean;
  readonly holm?: boolean;
  readonly plugin: readonly string[];
}

/** `promptweave report DIR`: the page of a run; of a sweep, its table and the report's files. */
export function register(program: Command): void {
  program
    .command('report')
    .summary('write the report of a run or a sweep')
    .description(
      'Writes report.html (one file, no network) into the folder of a run: what it gets wrong, with the images, what it mixes\n' +
        'up, and how it compares with the backbone alone. For a sweep, finished or not, it prints the table and writes\n' +
        'report.html and report.md with its pictures.',
    )
    .argument('<folder>', 'folder that promptweave train or promptweave sweep wrote')
    .argument('[other]', 'folder of another sweep, which is compared with the first, row by row; no report is written')
    .option(
      '--format <name>',
      'table, markdown, latex, csv or json',
      oneOf('table', 'markdown', 'latex', 'csv', 'json'),
      'table',
    )
    .option('--baseline <axis=value...>', 'what rows are compared with (default: the row that learns nothing)')
    .option('--holm', 'p-values of all differences to the baseline, corrected by Holm for their number')
    .option('--svg [folder]', 'every picture as an SVG file (default: pictures/ in the folder of the sweep)')
    .option('--png [folder]', 'every picture as a PNG file (default: pictures/ in the folder of the sweep)')
    .option(
      '--figures [folder]',
      'every picture as an SVG, a PDF and a PNG file (default: figures/ in the folder of the sweep)',
    )
    .option(
      '--style <name>',
      'looks of --figures: paper (the width, the type and the font of a journal) or page (those of the report)',
      oneOf('paper', 'page'),
      'paper',
    )
    .option(
      '--plugin <module>',
      'let the sweep load this module of yours: a package or a file; repeat it for several',
      collect,
      [],
    )
    .option('--open', 'show the page in a browser')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave report runs/photos --open\n  $ promptweave report runs/before runs/after\n' +
        '  $ promptweave report runs/quickstart --format latex\n' +
        '  $ promptweave report runs/quickstart --baseline name=CoOp labels.use=frozen --png figures\n' +
        '  $ promptweave report runs/quickstart --figures paper/figures --style paper',
    )
    .action(async (folder: string, other: string | undefined, flags: ReportFlags) => {
      const { format, baseline, holm, svg, png, figures, style, open, plugin } = flags;
      const { isSweep } = await import('../runs/best-cell.js');
      if (!isSweep(folder) && other === undefined) {
        const { writeRunReport } = await import('../report/write-run-report.js');
        const page = await writeRunReport(folder, plugin);
        console.log(page);
        if (open) await (await import('../terminal/open-page.js')).openPage(page);
        return;
      }
      const { compareRows, compareStudies, comparisonText, PICTURES, readStudy, studyText, SweepFolder } =
        await import('@promptweave/bench');
      const { baselineOf } = await import('../report/report-baseline.js');
      const { writeReport } = await import('../report/write-report.js');
      const study = readStudy(new SweepFolder(folder));
      if (other !== undefined) {
        const second = readStudy(new SweepFolder(other));
        return console.log(comparisonText(compareStudies(study, second), [study, second], format));
      }
      const compared = baselineOf(study, baseline ?? []);
      const comparison = format === 'table' && !holm ? undefined : compareRows(study, compared);
      console.log(studyText(study, format, { comparison, holm }));
      const place = (value: string | true | undefined) => (value === true ? join(folder, PICTURES) : value);
      const ofPaper = figures === true ? join(folder, 'figures') : figures;
      const pictures = { svg: place(svg), png: place(png), figures: ofPaper, style };
      const page = await writeReport(study, folder, { baseline: compared, ...pictures, plugins: plugin });
      if (open) await (await import('../terminal/open-page.js')).openPage(page);
    });
}
