import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { collect, oneOf } from '../terminal/one-of.js';

interface ExportFlags {
  readonly to: 'bundle' | 'onnx' | 'web';
  readonly out: string;
  readonly precision: 'float32' | 'float16';
  readonly input: 'rgb' | 'float';
  readonly uri?: string;
  readonly plugin: readonly string[];
  readonly json?: boolean;
}

/** `promptweave export RUN --to FORM`: a run for where there is no promptweave. */
export function register(program: Command): void {
  program
    .command('export')
    .summary('bring a run to where there is no promptweave')
    .description(
      "Writes a run's classifier without the text tower: the vision tower with its prompts and what was tuned, and the classes' vectors.\n" +
        '  bundle  one safetensors file, which predict, serve and @promptweave/web read\n' +
        '  onnx    for ONNX Runtime and whatever else reads ONNX: images in, logits and probabilities out, names in the metadata\n' +
        '  web     a folder with a page that predicts in the browser, for any web server',
    )
    .argument('<run>', 'folder of a run, a registered model (models:/NAME@ALIAS), or a bundle')
    .requiredOption('--to <form>', 'bundle, onnx or web', oneOf('bundle', 'onnx', 'web'))
    .requiredOption('-o, --out <path>', 'file, or folder of the page')
    .option('--precision <type>', 'float32, or float16: half the size', oneOf('float32', 'float16'), 'float32')
    .option(
      '--input <kind>',
      'what an ONNX model takes: rgb, bytes of images of any size; or float, images that the caller prepares',
      oneOf('rgb', 'float'),
      'rgb',
    )
    .option('--uri <address>', 'MLflow server of a registered model (default: MLFLOW_TRACKING_URI)')
    .option('--plugin <module>', 'let the run load this module of yours; repeat it for several', collect, [])
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave export runs/photos --to bundle --precision float16 --out photos.safetensors\n' +
        '  $ promptweave predict holiday.jpg --run photos.safetensors\n' +
        '  $ promptweave export runs/photos --to onnx --out photos.onnx\n' +
        '  $ promptweave export runs/photos --to web --precision float16 --out page && npx serve page',
    )
    .action(async (run: string, { uri, plugin, json, ...request }: ExportFlags) => {
      const { exportRun } = await import('../export/export-run.js');
      const { untilInterrupted } = await import('../terminal/interrupt.js');
      await untilInterrupted(async (signal) => {
        const { classNames, head } = await exportRun(run, request, { server: uri, plugins: plugin, signal });
        const { out, to, precision } = request;
        const bytes = statSync(to === 'web' ? join(out, 'model.safetensors') : out).size;
        if (json) return console.log(JSON.stringify({ out, to, precision, bytes, classNames }));
        const kind = head.kind === 'linear' ? 'a class matrix' : 'the head kernel by kernel';
        console.log(`Written to ${out}: ${classNames.length} classes, ${kind}, ${(bytes / 2 ** 20).toFixed(1)} MiB.`);
      });
    });
}
