import type { Command } from 'commander';

/** `promptweave backbones`: which families of CLIP-like models there are, and what a checkpoint at hand is. */
export function register(program: Command): void {
  program
    .command('backbones')
    .summary('list the models that can be a backbone, or say what a checkpoint is')
    .description(
      'Lists the families of CLIP-like models that people use: sizes, licence, and whether they can be loaded, or why not. With a\n' +
        'checkpoint it says which model that is; names and shapes are read, no values.',
    )
    .argument('[checkpoint]', 'as backbone.checkpoint: a file, a folder, icons, or an id of the Hugging Face hub')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave backbones\n  $ promptweave backbones ./siglip2-base-patch16-224',
    )
    .action(async (checkpoint: string | undefined, { json }: { readonly json?: boolean }) => {
      if (checkpoint === undefined) {
        const { listFamilies } = await import('../backbones/list-families.js');
        return console.log(listFamilies(json));
      }
      const { describeCheckpoint } = await import('../backbones/describe-checkpoint.js');
      console.log(await describeCheckpoint(checkpoint, json));
    });
}
