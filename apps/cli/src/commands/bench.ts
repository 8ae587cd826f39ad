import type { Command } from 'commander';
import type { TableFormat } from '@promptweave/bench';
import { formatOption, numbers, words } from '../bench/bench-options.js';
import { collect, wholeNumber } from '../terminal/one-of.js';
import { registerEmoji } from './bench-emoji.js';
import { registerSpeed } from './speed.js';

interface BenchFlags {
  readonly methods?: string[];
  readonly datasets?: string[];
  readonly targets?: string[];
  readonly shots?: number[];
  readonly seeds: number[];
  readonly data?: string;
  readonly checkpoint: string;
  readonly output?: string;
  readonly jobs: number;
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly set: readonly string[];
  readonly skipImpossible?: boolean;
  readonly format: TableFormat;
  readonly allPublished?: boolean;
}

/** `promptweave bench PROTOCOL`: a paper's table with one's own numbers. */
export function register(program: Command): void {
  const bench = program
    .command('bench')
    .summary("run a protocol over methods and data sets and print the paper's table")
    .description(
      'Builds the grid from the presets of the methods, runs it as a sweep (which goes on where it stopped), and prints methods against\n' +
        'data sets. Published numbers of the same setting (ViT-B/16, same shots) are printed below their method, marked as published.',
    )
    .argument(
      '<protocol>',
      'base-to-novel, few-shot, cross-dataset, domain-generalisation, incremental, zero-shot or efficiency',
    )
    .argument('[overrides...]', 'path=value for every cell, such as train.epochs=1')
    .option(
      '--methods <names>',
      'comma-separated; labels are added by +, as in maple+lamm (default: clip,coop,maple,comma; clip for zero-shot)',
      words,
    )
    .option(
      '--datasets <names>',
      "comma-separated names or paths of your own (default: the papers' 11; imagenet where there is one source)",
      words,
    )
    .option('--targets <names>', 'data sets to test on, or domains: for cross-dataset and domain-generalisation', words)
    .option('--shots <counts>', 'comma-separated (default: 16; 1,2,4,8,16 for few-shot)', numbers)
    .option('--seeds <seeds>', 'comma-separated', numbers, [1, 2, 3])
    .option('--data <folder>', "folder that holds the papers' data sets")
    .option('--checkpoint <weights>', "the backbone's weights", 'openai/clip-vit-base-patch16')
    .option('-o, --output <folder>', 'folder of the sweep (default: runs/bench-PROTOCOL)')
    .option(
      '-j, --jobs <count>',
      'worker processes on this machine; efficiency takes one after the other',
      wholeNumber,
      1,
    )
    .option(
      '--set <method:path=value>',
      'an option of one method: comma:prompt.depth=3; repeat it for several',
      collect,
      [],
    )
    .option('--dry-run', 'list the cells; run nothing')
    .option('--skip-impossible', 'run the other cells where some cannot work')
    .option('--limit <count>', 'run only the first so many cells that are not finished', wholeNumber)
    .addOption(formatOption())
    .option('--all-published', 'published numbers of methods that are not run, too')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave bench base-to-novel --data ~/data --methods clip,coop,maple,comma\n' +
        '  $ promptweave bench few-shot --data ~/data --methods coop+lamm --shots 1,16 --datasets dtd,eurosat\n' +
        '  $ promptweave bench base-to-novel --datasets ./photos --seeds 1    a folder of class folders\n' +
        '  $ promptweave bench emoji    all protocols on the embedded data sets',
    )
    .action(async (protocol: string, overrides: string[], flags: BenchFlags) => {
      const { join } = await import('node:path');
      const { loadRegistry } = await import('@promptweave/core/experiment');
      const { benchmarkConfiguration, benchmarkDefaults, fitDepths } = await import('@promptweave/bench');
      const { checkData } = await import('./bench-data.js');
      const { runBenchmark } = await import('./bench-run.js');
      const registry = await loadRegistry(undefined, import.meta.url);
      const request = { protocol, ...benchmarkDefaults(protocol, registry), ...flags };
      const asked = benchmarkConfiguration(request, registry);
      if (!flags.dryRun) await checkData(asked, registry, flags.data);
      const { configuration, notes } = await fitDepths(asked, registry, '.', overrides);
      for (const note of notes) console.error(note);
      const output = flags.output ?? join('runs', `bench-${protocol}`);
      await runBenchmark({ ...request, configuration, overrides, output, version: program.version() ?? '' });
    });
  registerEmoji(bench, program);
  registerSpeed(bench);
}
