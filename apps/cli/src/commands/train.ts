import type { Command } from 'commander';

interface TrainFlags {
  readonly output?: string;
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** `promptweave train CONFIG [path=value…]`: trains, evaluates, and writes the folder of the run. */
export function register(program: Command): void {
  program
    .command('train')
    .summary('train prompts and evaluate them')
    .description(
      'Trains what the configuration describes, evaluates it on the test images, and writes the folder of the run:\n' +
        'config.yaml, metrics.jsonl, log.txt, prompts.safetensors, result.json, report.html. Ctrl-C stops after the current step.\n' +
        'With tracker=mlflow it is recorded on an MLflow server, too.',
    )
    .argument('<config>', 'configuration file, or a folder with a folder of images for each class')
    .argument('[overrides...]', 'path=value, such as train.epochs=10 or prompt.use=maple')
    .option('-o, --output <folder>', "folder of the run (default: the configuration's output, or runs/NAME-HASH)")
    .option('--overwrite', 'replace the run that the folder holds')
    .option('--resume', 'go on with the run that the folder holds')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave train photos.yaml\n  $ promptweave train ./photos\n' +
        '  $ promptweave train photos.yaml prompt.use=maple train.epochs=10 --output runs/maple\n' +
        '  $ promptweave train photos.yaml --resume',
    )
    .action(async (file: string, overrides: string[], flags: TrainFlags) => {
      const { shellWord } = await import('@promptweave/bench');
      const { relative } = await import('node:path');
      const { readPredictions } = await import('@promptweave/core/experiment');
      const { train } = await import('../library/train.js');
      const { describeRun } = await import('../runs/describe-run.js');
      const { interruptible, STOPPED } = await import('../terminal/interrupt.js');
      const { createProgress } = await import('../terminal/progress.js');
      const progress = createProgress({ quiet: flags.json === true });
      const tell = (line: string): void => {
        progress.end();
        console.error(line);
      };
      const { signal, release } = interruptible(() => tell('Stopping after this step. Ctrl-C again ends at once.'));
      const { writeRunReport } = await import('../report/write-run-report.js');
      let page = '';
      try {
        const run = await train(file, {
          ...{ overrides, signal, folder: flags.output, resume: flags.resume, onNote: tell },
          ifTaken: flags.overwrite ? 'overwrite' : flags.output === undefined ? 'number' : 'refuse',
          finish: async ({ folder, plugins }) => {
            progress.end();
            page = await writeRunReport(folder, plugins, tell);
            return [relative(folder, page)];
          },
          onProgress: (event) => {
            if (event.type === 'evaluating') return progress.onEvaluation(event.name, event.done, event.total);
            if (event.type !== 'backend') return progress.onEvent(event);
            if (!flags.json) tell(`Backend: ${event.name}. ${event.why}`);
          },
        });
        progress.end();
        const { folder } = run;
        if (run.status === 'stopped') {
          const words = ['npx', 'promptweave', 'train', file, ...overrides, '--output', folder, '--resume'];
          console.error(`Stopped. Go on with:\n  ${words.map(shellWord).join(' ')}`);
          if (flags.json) console.log(JSON.stringify({ folder, status: 'stopped' }));
          process.exitCode = STOPPED;
          return;
        }
        const { summary, result, zeroShot, plugins } = run;
        const allowing = plugins.flatMap((name) => ['--plugin', name]);
        if (flags.json) {
          console.log(
            JSON.stringify({ folder, summary, ...result, ...(zeroShot && { zeroShot: zeroShot.evaluations }) }),
          );
          return;
        }
        console.log(describeRun(folder, { ...run, predictions: readPredictions(folder) }, allowing));
        console.log(`What it gets wrong, with the images: ${page}`);
      } finally {
        progress.end();
        release();
      }
    });
}
