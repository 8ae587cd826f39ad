import type { Command } from 'commander';

interface PublishFlags {
  readonly to: string;
  readonly license?: string;
  readonly private?: boolean;
}

/** `promptweave publish RUN --to user/name`: the learned parts of a run on the Hugging Face hub. */
export function register(program: Command): void {
  program
    .command('publish')
    .summary('upload a run to the Hugging Face hub')
    .description(
      'Uploads the learned parts, the configuration and a model card with data, classes and accuracy. Images and the weights\n' +
        'of the backbone stay here. The token is that of HF_TOKEN or of "hf auth login". --run hf:USER/NAME uses it again.',
    )
    .argument('<run>', 'folder of the run')
    .requiredOption('--to <user/name>', 'repository; it is created if it does not exist')
    .option(
      '--license <name>',
      'licence of the prompts, as the hub names it, such as mit or cc-by-4.0 (asked for without it)',
    )
    .option('--private', 'a repository that is created is visible only to you')
    .addHelpText('after', '\nExamples:\n  $ promptweave publish runs/photos --to me/leaves --license mit')
    .action(async (run: string, flags: PublishFlags) => {
      const { publishRun } = await import('../hub/publish-run.js');
      const { askLicense } = await import('../hub/ask-license.js');
      const { STOPPED, untilInterrupted } = await import('../terminal/interrupt.js');
      const license = flags.license ?? (await askLicense());
      if (license === undefined) {
        process.exitCode = STOPPED;
        return;
      }
      await untilInterrupted(async (signal) => {
        const { url, files } = await publishRun(run, { to: flags.to, license, private: flags.private, signal });
        console.log(`Published ${files.join(', ')}: ${url}`);
        console.log(`Use it: npx promptweave predict IMAGE --run hf:${flags.to}`);
      });
    });
}
