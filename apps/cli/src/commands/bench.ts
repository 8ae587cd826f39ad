import { InvalidArgumentError, type Command } from 'commander';
import type { TableFormat } from '@promptweave/bench';
import { oneOf, wholeNumber } from '../one-of.js';
import { registerSpeed } from './speed.js';

interface BenchFlags {
  readonly methods: string[];
  readonly datasets?: string[];
  readonly shots: number[];
  readonly seeds: number[];
  readonly data?: string;
  readonly checkpoint: string;
  readonly output?: string;
  readonly jobs: number;
  readonly dryRun?: boolean;
  readonly limit?: number;
  readonly format: TableFormat;
}

/** The 11 data sets of the papers, in their order. */
const PAPERS = [
  ...['imagenet', 'caltech101', 'oxford_pets', 'stanford_cars', 'oxford_flowers', 'food101', 'fgvc_aircraft'],
  ...['sun397', 'dtd', 'eurosat', 'ucf101'],
];

/** Protocols that train on one source. */
const FROM_ONE_SOURCE = ['cross-dataset', 'domain-generalisation'];

/** `promptweave bench PROTOCOL`: a paper's table with one's own numbers. */
export function register(program: Command): void {
  const bench = program
    .command('bench')
    .summary("run a protocol over methods and data sets and print the paper's table")
    .description(
      'Builds the grid from the presets of the methods, runs it as a sweep (which goes on where it stopped), and prints methods against\n' +
        'data sets. Published numbers of the same setting (ViT-B/16, same shots) stand below, marked as published.',
    )
    .argument('<protocol>', 'base-to-novel, few-shot, cross-dataset, domain-generalisation, incremental or zero-shot')
    .argument('[overrides...]', 'path=value for every cell, such as train.epochs=1')
    .option('--methods <names>', 'comma-separated; labels are added by +, as in maple+lamm', words, [
      ...['clip', 'coop', 'maple', 'comma'],
    ])
    .option(
      '--datasets <names>',
      "comma-separated (default: the papers' 11; imagenet where there is one source)",
      words,
    )
    .option('--shots <counts>', 'comma-separated', numbers, [16])
    .option('--seeds <seeds>', 'comma-separated', numbers, [1, 2, 3])
    .option('--data <folder>', "folder that holds the data sets' folders")
    .option('--checkpoint <weights>', "the backbone's weights", 'openai/clip-vit-base-patch16')
    .option('-o, --output <folder>', 'folder of the sweep (default: runs/bench-PROTOCOL)')
    .option('-j, --jobs <count>', 'worker processes on this machine', wholeNumber, 1)
    .option('--dry-run', 'list the cells; run nothing')
    .option('--limit <count>', 'run only the first so many cells that are not finished', wholeNumber)
    .option(
      '--format <name>',
      'table, markdown, latex, csv or json',
      oneOf('table', 'markdown', 'latex', 'csv', 'json'),
      'table',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave bench base-to-novel --data ~/data --methods clip,coop,maple,comma\n' +
        '  $ promptweave bench few-shot --data ~/data --methods coop+lamm --shots 1,2,4,8,16 --datasets dtd,eurosat\n' +
        '  $ promptweave bench base-to-novel --datasets emoji-groups --checkpoint icons --seeds 1',
    )
    .action(async (protocol: string, overrides: string[], flags: BenchFlags) => {
      const { mkdir, writeFile } = await import('node:fs/promises');
      const { join, resolve } = await import('node:path');
      const { stringify } = await import('yaml');
      const { benchmarkConfiguration, benchmarkTable, renderTable, studyText } = await import('@promptweave/bench');
      const { loadRegistry } = await import('@promptweave/core');
      const { sweep } = await import('../run-sweep-command.js');
      const { methods, shots, seeds, data, checkpoint, format } = flags;
      const datasets = flags.datasets ?? (FROM_ONE_SOURCE.includes(protocol) ? ['imagenet'] : PAPERS);
      const root = data === undefined ? undefined : resolve(data);
      const registry = await loadRegistry(undefined, import.meta.url);
      const request = { protocol, methods, datasets, shots, seeds, data: root, checkpoint };
      const configuration = benchmarkConfiguration(request, registry);
      const output = flags.output ?? join('runs', `bench-${protocol}`);
      const file = join(output, 'bench.yaml');
      await mkdir(output, { recursive: true });
      await writeFile(file, stringify(configuration));
      await sweep({
        ...{ file, overrides, output, version: program.version() ?? '', jobs: flags.jobs, retries: 1, only: [] },
        ...{ dryRun: flags.dryRun, limit: flags.limit },
        describe: (study) => {
          if (format === 'json') return studyText(study, 'json');
          const tables = shots.map((count) => {
            const title = `${protocol}, ${count} shots, percent`;
            return `${title}\n${renderTable(benchmarkTable(study, { protocol, shots: count, checkpoint }), format, title)}`;
          });
          return tables.join('\n\n');
        },
      });
    });
  registerSpeed(bench);
}

function words(list: string): string[] {
  const found = list.split(',').filter(Boolean);
  if (found.length === 0) throw new InvalidArgumentError('Expected names with commas between them.');
  return found;
}

function numbers(list: string): number[] {
  return words(list).map((word) => {
    if (!/^\d+$/.test(word)) throw new InvalidArgumentError('Expected whole numbers with commas between them.');
    return Number(word);
  });
}
