import type { Command } from 'commander';
import { collect, oneOf } from '../terminal/one-of.js';

interface RegisterFlags {
  readonly name: string;
  readonly alias?: string;
  readonly description?: string;
  readonly onnx?: 'float32' | 'float16' | 'none';
  readonly plugin: readonly string[];
  readonly uri?: string;
  readonly json?: boolean;
}

/** `promptweave register RUN --name NAME`: learned prompts become a version of a registered model on MLflow. */
export function register(program: Command): void {
  program
    .command('register')
    .summary("put a run's prompts into MLflow's model registry")
    .description(
      "Registers the learned prompts of a run's folder as a version of a model, with signature, figures and configuration.\n" +
        'The run is delivered first, if the server does not have it. The same prompts are registered once.\n' +
        'An ONNX file of the run comes with it, so that mlflow.pyfunc.load_model in Python predicts without promptweave.',
    )
    .argument('<run>', 'folder of a run')
    .requiredOption('--name <model>', 'name of the registered model')
    .option('--alias <alias>', 'alias that points to this version from now on, e.g. champion')
    .option('--description <text>', 'what people should know about this version')
    .option(
      '--onnx <type>',
      'how the ONNX file is stored: float32, float16 (half the size), or none (default: float32, or none where a run cannot be one)',
      oneOf('float32', 'float16', 'none'),
    )
    .option('--plugin <module>', 'let the run load this module of yours; repeat it for several', collect, [])
    .option(
      '--uri <address>',
      'the tracking server (default: MLFLOW_TRACKING_URI, or that of the run if you named it before)',
    )
    .option('--json', 'print the version as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ promptweave register runs/photos --name photos --alias champion\n' +
        '  $ promptweave predict holiday.jpg --run models:/photos@champion',
    )
    .action(async (run: string, { uri, json, onnx: form, plugin, ...registration }: RegisterFlags) => {
      const { connectFor, registerPrompts } = await import('@promptweave/tracking');
      const { onnxOfRun } = await import('../export/onnx-of-run.js');
      const { untilInterrupted } = await import('../terminal/interrupt.js');
      await untilInterrupted(async (signal) => {
        const client = await connectFor(run, uri);
        const stored = { precision: form === 'float16' ? form : 'float32', asked: form !== undefined } as const;
        const onnx = form === 'none' ? undefined : onnxOfRun(run, stored, { plugins: plugin, signal });
        const registered = await registerPrompts(run, client, { ...registration, onnx }).finally(() => client.close());
        if (json) return console.log(JSON.stringify(registered));
        const { name, version, uri: address, existed, missing } = registered;
        console.log(`${existed ? 'Registered before' : 'Registered'}: ${name}, version ${version} (${address})`);
        if (registered.onnx !== 'none') console.log(`In Python: mlflow.pyfunc.load_model("${address}")`);
        for (const problem of missing) console.error(`Of its run: ${problem}`);
      });
    });
}
