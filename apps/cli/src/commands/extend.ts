import type { Command } from 'commander';
import { collect, oneOf } from '../terminal/one-of.js';

interface ExtendFlags {
  readonly with: string;
  readonly name?: string;
  readonly prompts: 'frozen' | 'warm';
  readonly output?: string;
  readonly plugin: readonly string[];
}

/** `promptweave extend RUN --with FOLDER`: a run with one class more. */
export function register(program: Command): void {
  program
    .command('extend')
    .summary('add a class to a run')
    .description(
      'Trains the label of a new class against those of a run, which stay exactly as they are. Prompts stay, too, or go on\n' +
        'from their values (--prompts warm). The result is a run of its own. The images of the old classes are needed.',
    )
    .argument('<run>', 'folder of the run')
    .argument('[overrides...]', 'path=value, such as train.epochs=10')
    .requiredOption('--with <folder>', 'folder with images of the new class')
    .option('--name <words>', "name of the class (default: the folder's)")
    .option(
      '--prompts <how>',
      'frozen: they stay; warm: they go on from their values',
      oneOf('frozen', 'warm'),
      'frozen',
    )
    .option('-o, --output <folder>', 'folder of the new run (default: RUN-extended)')
    .option(
      '--plugin <module>',
      'let the run load this module of yours: a package or a file; repeat it for several',
      collect,
      [],
    )
    .addHelpText('after', '\nExamples:\n  $ promptweave extend runs/photos --with ./owls --name owl')
    .action(async (run: string, overrides: string[], flags: ExtendFlags) => {
      const { readPredictions } = await import('@promptweave/core/experiment');
      const { extendRun } = await import('../extend/extend-run.js');
      const { writeRunReport } = await import('../report/write-run-report.js');
      const { describeRun } = await import('../runs/describe-run.js');
      const { interruptible, STOPPED } = await import('../terminal/interrupt.js');
      const { createProgress } = await import('../terminal/progress.js');
      const progress = createProgress({ quiet: false });
      const tell = (line: string): void => {
        progress.end();
        console.error(line);
      };
      const { signal, release } = interruptible(() => tell('Stopping after this step. Ctrl-C again ends at once.'));
      try {
        const { prompts, name, output, plugin: plugins } = flags;
        const done = await extendRun(run, {
          ...{ images: flags.with, name, prompts, output, overrides, plugins, signal, onNote: tell },
          onEvent: progress.onEvent,
          onEvaluation: progress.onEvaluation,
        });
        progress.end();
        if (!done) {
          console.error('Stopped. Begin again with the same command.');
          process.exitCode = STOPPED;
          return;
        }
        const { folder, result, zeroShot } = done;
        const page = await writeRunReport(folder, plugins, tell);
        console.log(describeRun(folder, { result, zeroShot, summary: {}, predictions: readPredictions(folder) }));
        console.log(`What it gets wrong, with the images: ${page}`);
      } finally {
        progress.end();
        release();
      }
    });
}
