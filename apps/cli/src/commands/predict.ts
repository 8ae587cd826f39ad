import type { Command } from 'commander';
import { collect, wholeNumber } from '../terminal/one-of.js';

interface PredictFlags {
  readonly run: string;
  readonly top: number;
  readonly uri?: string;
  readonly plugin: readonly string[];
  readonly json?: boolean;
}

/** `promptweave predict IMAGE… --run DIR`: what the images show, by the prompts of a run. */
export function register(program: Command): void {
  program
    .command('predict')
    .summary('name what images show')
    .description(
      'Names the classes that images most probably show, by the prompts of a run. The data set is not needed.',
    )
    .argument('<images...>', 'image files')
    .requiredOption('--run <folder>', 'folder of the run, or a registered model (models:/NAME@ALIAS)')
    .option('--top <k>', 'classes to name for each image', wholeNumber, 5)
    .option('--uri <address>', 'MLflow server of a registered model (default: MLFLOW_TRACKING_URI)')
    .option(
      '--plugin <module>',
      'let the run load this module of yours: a package or a file; repeat it for several',
      collect,
      [],
    )
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave predict holiday.jpg --run runs/photos\n' +
        '  $ promptweave predict *.png --run runs/photos --top 1 --json',
    )
    .action(async (images: string[], flags: PredictFlags) => {
      const { openRun } = await import('../library/open-run.js');
      const { predictImages } = await import('../predict/predict-images.js');
      const { untilInterrupted } = await import('../terminal/interrupt.js');
      await untilInterrupted(async (signal) => {
        const onNote = (note: string): void => console.error(note);
        const model = await openRun(flags.run, { server: flags.uri, plugins: flags.plugin, signal, onNote });
        try {
          const predictions = await predictImages(model, images, { top: flags.top, signal });
          if (flags.json) return console.log(JSON.stringify(predictions));
          for (const { image, answers } of predictions) {
            const named = answers.map(({ label, probability }) => `${label} ${(100 * probability).toFixed(1)} %`);
            console.log(`${image}: ${named.join(', ')}`);
          }
        } finally {
          await model.close();
        }
      });
    });
}
