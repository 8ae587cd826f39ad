import type { Command } from 'commander';
import type { Tracker } from '@promptweave/core';

interface TrainFlags {
  readonly output?: string;
  readonly resume?: boolean;
  readonly json?: boolean;
}

/** `promptweave train CONFIG [path=value…]`: trains, evaluates, and writes the folder of the run. */
export function register(program: Command): void {
  program
    .command('train')
    .summary('train prompts and evaluate them')
    .description(
      'Trains what the configuration describes, evaluates it on the test images, and writes the folder of the run:\n' +
        'config.yaml, metrics.jsonl, log.txt, prompts.safetensors, result.json. Ctrl-C stops after the current step.\n' +
        'With tracker=mlflow it is recorded on an MLflow server, too.',
    )
    .argument('<config>', 'configuration file')
    .argument('[overrides...]', 'path=value, such as train.epochs=10 or prompt.use=maple')
    .option('-o, --output <folder>', "folder of the run (default: the configuration's output, or runs/NAME-HASH)")
    .option('--resume', 'go on with the run that the folder holds')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave train photos.yaml\n' +
        '  $ promptweave train photos.yaml prompt.use=maple train.epochs=10 --output runs/maple\n' +
        '  $ promptweave train photos.yaml --resume',
    )
    .action(async (file: string, overrides: string[], flags: TrainFlags) => {
      const { basename, resolve } = await import('node:path');
      const { configurationHash, createTracker } = await import('@promptweave/core/experiment');
      const { runTracked, shellWord } = await import('@promptweave/bench');
      const { pluginWords } = await import('../composition/allowed-plugins.js');
      const { describeRun } = await import('../runs/describe-run.js');
      const { backendName, compose, configurationName, surroundingsOf } = await import('../composition/compose.js');
      const { featureLibrary } = await import('../composition/feature-library.js');
      const { interruptible, STOPPED } = await import('../terminal/interrupt.js');
      const { createProgress } = await import('../terminal/progress.js');
      const composition = await compose({ file, overrides });
      const { configuration, backend, folder: configurationFolder } = composition;
      const surroundings = surroundingsOf(backend, program.version() ?? '');
      const hash = configurationHash(configuration).slice(0, 8);
      const folder = flags.output ?? configuration.output ?? `runs/${configurationName(file)}-${hash}`;
      const progress = createProgress({ quiet: flags.json === true });
      const told = new Set<string>();
      const onProblem = (problem: string): void => {
        progress.end();
        if (!told.has(problem)) console.error(problem);
        told.add(problem);
      };
      let tracker: Tracker | undefined;
      const labels = { name: basename(resolve(folder)), experiment: configurationName(file) };
      const { signal, release } = interruptible(() => {
        progress.end();
        console.error('Stopping after this step. Ctrl-C again ends at once.');
      });
      try {
        if (!flags.json) console.error(`Backend: ${backendName(backend)}. ${backend.why}`);
        tracker = createTracker(configuration, composition.registry, { folder, onProblem });
        const run = await runTracked(tracker, labels, {
          configuration,
          environment: { ...composition, surroundings, features: featureLibrary(backend) },
          configurationFolder,
          folder,
          resume: flags.resume === true,
          signal,
          onEvent: progress.onEvent,
          onEvaluation: progress.onEvaluation,
        });
        progress.end();
        if (run) {
          console.log(
            flags.json
              ? JSON.stringify({ folder, summary: run.summary, ...run.result })
              : describeRun(folder, run, pluginWords(composition.registry, configurationFolder)),
          );
        } else {
          const command = ['npx', 'promptweave', 'train', file, ...overrides, '--output', folder, '--resume']
            .map(shellWord)
            .join(' ');
          console.error(`Stopped. Go on with:\n  ${command}`);
          if (flags.json) console.log(JSON.stringify({ folder, status: 'stopped' }));
          process.exitCode = STOPPED;
        }
      } finally {
        progress.end();
        (await tracker?.close())?.forEach(onProblem);
        release();
        await composition.close();
      }
    });
}
