import type { Command } from 'commander';
import type { InitFlags } from '../init/init-flags.js';
import { wholeNumber } from '../terminal/one-of.js';

/** `promptweave init`: asks a few questions and writes a commented configuration. */
export function register(program: Command): void {
  program
    .command('init')
    .summary('write a configuration for your images')
    .description(
      'Asks what your images are and what is to be learned, and writes a configuration with comments. Flags answer the\n' +
        'questions; with --yes, or without a terminal, what they leave out is the default.',
    )
    .option('--images <folder>', 'folder with a folder of images for each class (default: photos)')
    .option(
      '--checkpoint <name>',
      'CLIP: a name on the Hugging Face hub, a file, a folder, or icons (default: openai/clip-vit-base-patch16)',
    )
    .option('--prompt <method>', 'prompt learner (default: coop)')
    .option('--labels <method>', 'label aligner (default: lamm)')
    .option('--shots <n>', 'training images of each class (default: 16)', wholeNumber)
    .option('--out <file>', 'configuration to write (default: the name of the folder, as .yaml)')
    .option('--overwrite', 'replace the file if it exists')
    .option('-y, --yes', 'ask nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave init\n  $ promptweave init --images ./leaves --checkpoint icons --yes',
    )
    .action(async (flags: InitFlags) => {
      const { init } = await import('../init/init.js');
      await init(flags);
    });
}
