import type { Command } from 'commander';

interface SchemaFlags {
  readonly config?: string;
  readonly out?: string;
}

/** `promptweave schema`: the JSON Schema of configuration files, for editors. */
export function register(program: Command): void {
  program
    .command('schema')
    .summary('print the JSON Schema of configuration files, for editors')
    .description(
      'Prints the JSON Schema (draft 2020-12) of configuration files, composed from the options of all plugins.\n' +
        'Editors complete and check a file that begins with: # yaml-language-server: $schema=promptweave.schema.json',
    )
    .option('--config <file>', 'take the plugins that this configuration lists')
    .option('--out <file>', 'write to this file')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave schema --out promptweave.schema.json\n  $ promptweave schema --config mine.yaml',
    )
    .action(async ({ config, out }: SchemaFlags) => {
      const { configurationJsonSchema, loadRegistry } = await import('@promptweave/core/experiment');
      const text = `${JSON.stringify(configurationJsonSchema(await loadRegistry(config, import.meta.url)), undefined, 2)}\n`;
      if (out === undefined) {
        process.stdout.write(text);
        return;
      }
      const { writeFile } = await import('node:fs/promises');
      await writeFile(out, text);
      console.log(`Wrote ${out}.`);
    });
}
