import { InvalidArgumentError, type Command } from 'commander';
import { collect, oneOf, wholeNumber } from '../terminal/one-of.js';
import type { EngineFlags } from '../sweep/sweep-engine.js';

interface SweepFlags extends EngineFlags {
  readonly output?: string;
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly only: readonly string[];
  readonly retries: number;
  readonly retryFailed?: boolean;
  readonly skipImpossible?: boolean;
  readonly json?: boolean;
  readonly cell?: boolean;
  readonly sendHome?: boolean;
  readonly worker?: boolean;
  readonly plugin: readonly string[];
}

/** `promptweave sweep CONFIG [path=value…]`: runs every cell of a grid. */
export function register(program: Command): void {
  program
    .command('sweep')
    .summary('run every cell of a grid and print the table')
    .description(
      'Runs all combinations that the grid of the configuration describes. Every cell is checked before the first one starts;\n' +
        'finished cells are never run again, unfinished ones go on, failed ones are tried again and then recorded.\n' +
        'Several sweeps may work on the same folder, also from several machines.',
    )
    .argument('<config>', 'configuration file with a grid')
    .argument('[overrides...]', 'path=value for every cell; for an axis of the grid, its values: seed=[1,2]')
    .option('-o, --output <folder>', "folder of the sweep (default: the configuration's output, or runs/NAME)")
    .option(
      '-j, --jobs <count>',
      'cells at once (default: 1 here, with --gpus as many, 32 on a cluster); here, no more than fit',
      wholeNumber,
    )
    .option('--engine <name>', 'where cells run: local, ray or slurm (default: local)', oneOf('local', 'ray', 'slurm'))
    .option('--address <url>', 'Ray: the dashboard (default: RAY_API_SERVER_ADDRESS, or http://127.0.0.1:8265)')
    .option('--cpus <count>', 'Ray, Slurm: cores of a cell (default: 1)', wholeNumber)
    .option(
      '--gpus <count>',
      'here: GPUs that the cells divide among themselves, one for each worker (default: all); Ray, Slurm: 1 gives a cell one (default: 0)',
      count,
    )
    .option(
      '--memory <GiB>',
      'Ray, Slurm: memory of a cell (default: what it is expected to take, and half as much)',
      size,
    )
    .option('--include <path...>', 'Ray: files and folders beside the configuration that cells need: data, weights')
    .option('--runtime-env <file>', 'Ray: YAML or JSON laid over the runtime environment of the jobs: pip, env_vars, …')
    .option('--sbatch <option...>', 'Slurm: further options, such as --sbatch=--partition=gpu --sbatch=--time=2:00:00')
    .option('--dry-run', 'list the cells, their state, and what they will take; run nothing')
    .option('--limit <count>', 'run, or list, only the first so many cells that are not finished', wholeNumber)
    .option('--only <path=value...>', 'only cells with these values; a list matches any of its entries', [])
    .option('--skip-impossible', 'run the other cells if some of the grid cannot work')
    .option('--retries <count>', 'attempts after a failed one', count, 1)
    .option('--retry-failed', 'try cells again that were given up before')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave sweep examples/quickstart.yaml --dry-run\n' +
        '  $ promptweave sweep examples/quickstart.yaml seed=1 --jobs 2\n' +
        '  $ promptweave sweep examples/quickstart.yaml --only prompt.use=[maple,comma] --limit 4\n' +
        '  $ promptweave sweep grid.yaml --engine ray --address http://head:8265 --cpus 4\n' +
        '  $ promptweave sweep grid.yaml --engine slurm --jobs 8 --gpus 1 --sbatch=--partition=gpu\n' +
        '\nOther machines and schedulers run one cell of a prepared folder by: promptweave sweep --cell DIR/cells/ID,\n' +
        'with --plugin MODULE for each plugin of yours that it needs.',
    )
    .addOption(
      program.createOption('--cell', 'run the one cell whose folder is given instead of a configuration').hideHelp(),
    )
    .addOption(
      program
        .createOption('--send-home', 'with --cell: send its files in the output, for a parent without this folder')
        .hideHelp(),
    )
    .addOption(
      program
        .createOption('--plugin <module>', 'with --cell: let it load this module of yours; repeat it for several')
        .argParser(collect)
        .default([])
        .hideHelp(),
    )
    .addOption(program.createOption('--worker', 'run cells for a parent process').hideHelp())
    .action(async (file: string, overrides: string[], flags: SweepFlags) => {
      const { runCellFolder, runEstimate, runWorker } = await import('../sweep/sweep-worker.js');
      const version = program.version() ?? '';
      if (flags.worker) return file === 'estimate' ? runEstimate(version) : runWorker(version);
      if (flags.cell) return runCellFolder(file, { version, ...flags });
      const { sweep } = await import('../sweep/run-sweep-command.js');
      return sweep({ file, overrides, version, ...flags });
    });
}

function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('Expected a whole number of at least 0.');
  return Number(value);
}

function size(value: string): number {
  const number = Number(value);
  if (!(number > 0)) throw new InvalidArgumentError('Expected a number of GiB above 0, such as 6 or 1.5.');
  return number;
}
