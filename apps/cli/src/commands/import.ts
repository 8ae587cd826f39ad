import type { Command } from 'commander';

interface ImportFlags {
  readonly config: string;
  readonly method?: string;
  readonly out: string;
  readonly json?: boolean;
}

/** `promptweave import FILE`: the authors' own trained prompts become a run. */
export function register(program: Command): void {
  program
    .command('import')
    .summary("bring in prompts that the authors' code has trained")
    .description(
      'Reads what the code of CoOp, CoCoOp, KgCoOp, ProGrad, MaPLe, PromptSRC, COMMA, LAMM, TCP, MMRL, DePT, TaskRes or MMA has trained\n' +
        "(model.pth.tar-N), or CLIP-LoRA's own file, and writes a run's folder. The configuration says what it was trained for: backbone,\n" +
        'data set (its class names) and the options of the method.',
    )
    .argument('<file>', "the authors' checkpoint, e.g. model.pth.tar-5")
    .argument('[overrides...]', 'path=value, such as prompt.depth=9')
    .requiredOption('--config <file>', 'configuration that the prompts were trained for')
    .option(
      '--method <name>',
      'prompt learner, label aligner, head or tuning, where the configuration does not name it',
    )
    .requiredOption('-o, --out <folder>', 'folder of the run')
    .option('--json', 'print what was imported as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ promptweave import model.pth.tar-5 --method maple --config vit-b16-dtd.yaml --out runs/maple-dtd\n' +
        '  $ promptweave evaluate runs/maple-dtd',
    )
    .action(async (file: string, overrides: string[], flags: ImportFlags) => {
      const { importPrompts } = await import('../import/import-prompts.js');
      const { config, method, out } = flags;
      const imported = await importPrompts({ file, config, overrides, method, out });
      if (flags.json) return console.log(JSON.stringify({ folder: out, ...imported }));
      for (const [name, shape] of Object.entries(imported.tensors)) console.log(`${name} [${shape.join(', ')}]`);
      if (imported.ignored.length > 0) console.log(`Left out: ${imported.ignored.join(', ')}.`);
      console.log(`Written to ${out}. Try it: promptweave evaluate ${out}`);
    });
}
