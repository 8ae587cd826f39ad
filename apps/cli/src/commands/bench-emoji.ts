import type { Command } from 'commander';
import type { TableFormat } from '@promptweave/bench';
import { formatOption, numbers, words } from '../bench/bench-options.js';
import { wholeNumber } from '../terminal/one-of.js';

interface EmojiFlags {
  readonly protocols?: string[];
  readonly methods?: string[];
  readonly datasets?: string[];
  readonly source?: string;
  readonly targets?: string[];
  readonly shots: number[];
  readonly seeds: number[];
  readonly output: string;
  readonly jobs: number;
  readonly dryRun?: boolean;
  readonly format: TableFormat;
}

/** `promptweave bench emoji`: all of the papers' protocols with nothing to download. */
export function registerEmoji(bench: Command, program: Command): void {
  bench
    .command('emoji')
    .summary("run all of the papers' protocols on the embedded data sets with the embedded CLIP")
    .description(
      'Few-shot, base-to-novel, cross-dataset (from one group of emoji to the others), domain generalisation (to drawing styles of other\n' +
        'artists) and incremental, each as a sweep of its own that goes on where it stopped.',
    )
    .argument('[overrides...]', 'path=value for every cell, such as train.steps=2')
    .option('--protocols <names>', 'comma-separated (default: all five)', words)
    .option(
      '--methods <names>',
      'comma-separated, or all; +lamm adds learned labels (promptsrc, taskres, lora, …)',
      words,
    )
    .option('--datasets <names>', 'for base-to-novel; few-shot and incremental take the first', words)
    .option('--source <name>', 'where cross-dataset and domain-generalisation are trained (default: emoji-animals)')
    .option('--targets <names>', 'where cross-dataset is tested (default: the other groups of emoji)', words)
    .option('--shots <counts>', 'of few-shot; the other protocols take the largest', numbers, [1, 4, 16])
    .option('--seeds <seeds>', 'comma-separated', numbers, [1, 2, 3])
    .option('-o, --output <folder>', 'folder of the sweeps, one a protocol', 'runs/bench-emoji')
    .option('-j, --jobs <count>', 'worker processes on this machine', wholeNumber, 1)
    .option('--dry-run', 'list the cells; run nothing')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave bench emoji\n  $ promptweave bench emoji --protocols base-to-novel,incremental --methods clip,maple+lamm --seeds 1',
    )
    .action(async (overrides: string[], flags: EmojiFlags) => {
      const { join } = await import('node:path');
      const { ConfigError } = await import('@promptweave/core');
      const { loadRegistry, suggestion } = await import('@promptweave/core/experiment');
      const { emojiMethods, emojiSuite, everyEmojiMethod } = await import('@promptweave/bench');
      const { runBenchmark } = await import('./bench-run.js');
      const { STOPPED } = await import('../terminal/interrupt.js');

      const registry = await loadRegistry(undefined, import.meta.url);
      const named = flags.methods ?? emojiMethods;
      const methods = named.flatMap((name) => (name === 'all' ? everyEmojiMethod : [name]));
      const suite = emojiSuite({ ...flags, methods: [...new Set(methods)] }, registry);
      const chosen = (flags.protocols ?? Object.keys(suite)).map((protocol) => {
        const benchmark = suite[protocol];
        if (benchmark) return { protocol, ...benchmark };
        const message = `The suite has no protocol called "${protocol}".`;
        throw new ConfigError(message + suggestion(protocol, Object.keys(suite), 'There are'), {
          where: '--protocols',
        });
      });
      for (const { protocol, configuration, leftOut } of chosen) {
        if (leftOut.length > 0)
          console.error(`${protocol}: without ${leftOut.join(', ')}, whose heads know the trained classes alone.`);
        if (!configuration) continue;
        const { shots, jobs, dryRun, format } = flags;
        const output = join(flags.output, protocol);
        const version = program.version() ?? '';
        await runBenchmark({
          ...{ protocol, configuration, overrides, output, version, checkpoint: 'icons', jobs, dryRun, format },
          shots: protocol === 'few-shot' ? shots : [Math.max(...shots)],
        });
        if (process.exitCode === STOPPED) return;
      }
    });
}
