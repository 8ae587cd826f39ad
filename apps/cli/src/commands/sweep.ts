import { InvalidArgumentError, type Command } from 'commander';
import { wholeNumber } from '../one-of.js';

interface SweepFlags {
  readonly output?: string;
  readonly jobs: number;
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly only: readonly string[];
  readonly retries: number;
  readonly retryFailed?: boolean;
  readonly json?: boolean;
  readonly cell?: boolean;
  readonly worker?: boolean;
}

/** `promptweave sweep CONFIG [path=value…]`: runs every cell of a grid. */
export function register(program: Command): void {
  program
    .command('sweep')
    .summary('run every cell of a grid and print the table')
    .description(
      'Runs all combinations that the grid of the configuration describes. Every cell is checked before the first one starts;\n' +
        'finished cells are never run again, half-run ones go on, failed ones are tried again and then recorded.\n' +
        'Several sweeps may work on the same folder, also from several machines.',
    )
    .argument('<config>', 'configuration file with a grid')
    .argument('[overrides...]', 'path=value for every cell; for an axis of the grid, its values: seed=[1,2]')
    .option('-o, --output <folder>', "folder of the sweep (default: the configuration's output, or runs/NAME)")
    .option('-j, --jobs <count>', 'worker processes on this machine', wholeNumber, 1)
    .option('--dry-run', 'list the cells and where they stand; run nothing')
    .option('--limit <count>', 'run only the first so many cells that are not finished', wholeNumber)
    .option('--only <path=value...>', 'only cells with these values; a list stands for any of its entries', [])
    .option('--retries <count>', 'attempts after a failed one', count, 1)
    .option('--retry-failed', 'try cells again that were given up before')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave sweep examples/quickstart.yaml --dry-run\n' +
        '  $ promptweave sweep examples/quickstart.yaml seed=1 --jobs 2\n' +
        '  $ promptweave sweep examples/quickstart.yaml --only prompt.use=[maple,comma] --limit 4\n' +
        '\nOther machines and schedulers run one cell of a prepared folder by: promptweave sweep --cell DIR/cells/ID',
    )
    .addOption(
      program.createOption('--cell', 'run the one cell whose folder is given instead of a configuration').hideHelp(),
    )
    .addOption(program.createOption('--worker', 'run cells for a parent process').hideHelp())
    .action(async (file: string, overrides: string[], flags: SweepFlags) => {
      const { runCellFolder, runWorker } = await import('../sweep-worker.js');
      const version = program.version() ?? '';
      if (flags.worker) return runWorker(version);
      if (flags.cell) return runCellFolder(file, version, flags.retries);
      const { sweep } = await import('../run-sweep-command.js');
      return sweep({ file, overrides, version, ...flags });
    });
}

function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('Expected a whole number of at least 0.');
  return Number(value);
}
