import { InvalidArgumentError, type Command } from 'commander';
import { words } from '../bench/bench-options.js';
import type { PredictFlags } from '../predict/predict-flags.js';
import { collect, oneOf, wholeNumber } from '../terminal/one-of.js';

/** `promptweave predict IMAGE… --run DIR`: what the images show, by the prompts of a run. */
export function register(program: Command): void {
  program
    .command('predict')
    .summary('name what images show')
    .description(
      'Names the classes that images most probably show, by the prompts of a run. The data set is not needed.\n' +
        'An image that cannot be read has its line in the output, too; the exit code is then 4.',
    )
    .argument(
      '<images...>',
      'files, folders, patterns, addresses, lists (.csv, .tsv, .txt), or - for standard input: an image, or a path a line',
    )
    .option(
      '--run <run>',
      'folder of a run; of a sweep, whose best cell is taken; a prompts.safetensors; a registered model (models:/NAME@ALIAS)',
    )
    .option('--best-by <figure>', "figure that chooses a sweep's cell (default: its validation)")
    .option('--classes <names>', 'other classes, with commas between them; without --run by their names alone', words)
    .option('--checkpoint <name>', 'CLIP for --classes without --run (default: the small embedded one, for drawings)')
    .option('--top <k>', 'classes to name for each image', wholeNumber, 5)
    .option(
      '--scores <which>',
      'probabilities, similarities or logits',
      oneOf('probabilities', 'similarities', 'logits'),
      'probabilities',
    )
    .option('--threshold <score>', 'say "none of these" where the best score is below this', number)
    .option('--batch <n>', 'images that go through the model together (default: 32)', wholeNumber)
    .option('--csv', 'a row for each image')
    .option('--jsonl', 'a line of JSON for each image')
    .option('--json', 'one list as JSON')
    .option('--out <file>', 'write to this file; its ending, .csv, .jsonl or .json, chooses the format')
    .option('--features <file>', 'also write the embeddings of the images: .npy or .safetensors')
    .option('--explain <folder>', 'also write a picture of where each image mattered for its first class')
    .option('--uri <address>', 'MLflow server of a registered model (default: MLFLOW_TRACKING_URI)')
    .option(
      '--plugin <module>',
      'let the run load this module of yours: a package or a file; repeat it for several',
      collect,
      [],
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave predict holiday.jpg --run runs/photos\n' +
        '  $ promptweave predict ./inbox --run runs/photos --top 1 --threshold 0.5 --out answers.csv\n' +
        '  $ promptweave predict holiday.jpg --classes cat,dog --checkpoint openai/clip-vit-base-patch16',
    )
    .action(async (images: string[], flags: PredictFlags) => {
      const { beginToLoad } = await import('@promptweave/runtime/early');
      beginToLoad(); // beside the modules that follow
      const { predict } = await import('../predict/predict-command.js');
      const { untilInterrupted } = await import('../terminal/interrupt.js');
      await untilInterrupted((signal) => predict(images, flags, signal));
    });
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}
