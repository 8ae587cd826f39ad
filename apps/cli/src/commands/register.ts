import type { Command } from 'commander';

interface RegisterFlags {
  readonly name: string;
  readonly alias?: string;
  readonly description?: string;
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
        'The run is delivered first, if the server does not have it. The same prompts are registered once.',
    )
    .argument('<run>', 'folder of a run')
    .requiredOption('--name <model>', 'name of the registered model')
    .option('--alias <alias>', 'alias that points to this version from now on, e.g. champion')
    .option('--description <text>', 'what people should know about this version')
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
    .action(async (run: string, { uri, json, ...registration }: RegisterFlags) => {
      const { connectFor, registerPrompts } = await import('@promptweave/tracking');
      const client = await connectFor(run, uri);
      const registered = await registerPrompts(run, client, registration).finally(() => client.close());
      if (json) return console.log(JSON.stringify(registered));
      const { name, version, existed, missing } = registered;
      console.log(`${existed ? 'Registered before' : 'Registered'}: ${name}, version ${version} (${registered.uri})`);
      for (const problem of missing) console.error(`Of its run: ${problem}`);
    });
}
