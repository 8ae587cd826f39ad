import type { Command } from 'commander';
import type { TableFormat } from '@promptweave/bench';
import { oneOf } from '../one-of.js';

/** `promptweave report DIR`: the table of a sweep, from its folders, and the report's files. */
export function register(program: Command): void {
  program
    .command('report')
    .summary('print the table of a sweep and write its report')
    .description(
      'Reads the folder of a sweep, finished or not; prints its table and writes report.html (one file, no network) and report.md.',
    )
    .argument('<folder>', 'folder that promptweave sweep wrote')
    .option(
      '--format <name>',
      'table, markdown, latex, csv or json',
      oneOf('table', 'markdown', 'latex', 'csv', 'json'),
      'table',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave report runs/quickstart\n  $ promptweave report runs/quickstart --format latex',
    )
    .action(async (folder: string, { format }: { readonly format: TableFormat }) => {
      const { readStudy, studyText, SweepFolder } = await import('@promptweave/bench');
      const { writeReport } = await import('../write-report.js');
      const study = readStudy(new SweepFolder(folder));
      console.log(studyText(study, format));
      await writeReport(study, folder);
    });
}
