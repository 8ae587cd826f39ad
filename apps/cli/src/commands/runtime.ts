import type { Command } from 'commander';
import type { Installation, InstallProgress } from '@promptweave/runtime';

interface InstallFlags {
  readonly gpu?: boolean;
  readonly tensorflow?: string;
  readonly from?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

interface JsonFlag {
  readonly json?: boolean;
}

/** `promptweave runtime install | list | remove | ensure`: libtensorflow in the user's cache. */
export function register(program: Command): void {
  const runtime = program
    .command('runtime')
    .summary('install and manage the native TensorFlow backend')
    .description('Manages the native TensorFlow backend, which is kept in a cache that all checkouts share.')
    .addHelpText('after', '\nExamples:\n  $ promptweave runtime install\n  $ promptweave runtime list');

  runtime
    .command('install')
    .description('Fetches the TensorFlow wheel with pip, takes its libraries out, and compiles the binding for them.')
    .option('--gpu', "take the CUDA build and what is needed of NVIDIA's libraries (2 GB)")
    .option('--tensorflow <version>', "TensorFlow's version")
    .option(
      '--from <path>',
      'a wheel, a folder of wheels, or a folder where the wheel is installed, instead of the network',
    )
    .option('--force', 'install again what is there already')
    .option('--json', 'print the installation as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave runtime install\n  $ promptweave runtime install --from wheels/',
    )
    .action(async ({ json, ...options }: InstallFlags) => {
      const { installRuntime } = await import('@promptweave/runtime');
      const installation = await installRuntime({ ...options, onProgress: json ? undefined : progress() });
      console.log(json ? JSON.stringify(installation) : `Installed: ${describe(installation)}`);
    });

  runtime
    .command('list')
    .description('Lists what the cache holds.')
    .option('--json', 'print as JSON')
    .action(async ({ json }: JsonFlag) => {
      const { listRuntimes } = await import('@promptweave/runtime');
      const installations = await listRuntimes();
      if (json) return console.log(JSON.stringify(installations));
      if (installations.length === 0) console.log('Nothing is installed. Install it: promptweave runtime install');
      for (const installation of installations) console.log(describe(installation));
    });

  runtime
    .command('remove')
    .description('Removes one installation from the cache, or all.')
    .argument('[name]', 'as runtime list shows it; all without it')
    .option('--json', 'print what was removed as JSON')
    .action(async (name: string | undefined, { json }: JsonFlag) => {
      const { removeRuntime } = await import('@promptweave/runtime');
      const removed = await removeRuntime(name);
      if (json) return console.log(JSON.stringify(removed));
      console.log(
        removed.length === 0 ? 'There was nothing to remove.' : removed.map((one) => `Removed ${one.name}`).join('\n'),
      );
    });

  runtime
    .command('ensure')
    .description(
      'Installs the backend where the cache holds none. If that fails, it says so and still exits with 0: WebAssembly works without it.',
    )
    .option('--json', 'print as JSON')
    .action(async ({ json }: JsonFlag) => {
      const { ensureRuntime } = await import('@promptweave/runtime');
      const ensured = await ensureRuntime({ onProgress: json ? undefined : progress() });
      if (ensured.warning) console.error(ensured.warning);
      if (json) return console.log(JSON.stringify(ensured));
      if (ensured.installation)
        console.log(`${ensured.installed ? 'Installed' : 'Present'}: ${describe(ensured.installation)}`);
    });
}

function describe({ name, folder, bytes, problem }: Installation): string {
  return `${name}, ${(bytes / 1e6).toFixed(0)} MB, ${folder}${problem ? `\n  unusable: ${problem}` : ''}`;
}

/** A line for each thing that the installer begins; on a terminal, the fraction of it that is done in the same line. */
function progress(): (event: InstallProgress) => void {
  let last = '';
  return ({ step, message, fraction }) => {
    const line = `${step}: ${message}`;
    if (process.stderr.isTTY && fraction !== undefined) {
      process.stderr.write(`\r\u001b[K${line} ${Math.round(100 * fraction)} %${fraction >= 1 ? '\n' : ''}`);
    } else if (line !== last) {
      console.error(line);
    }
    last = line;
  };
}
