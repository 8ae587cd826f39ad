import { InvalidArgumentError, type Command } from 'commander';
import { collect, wholeNumber } from '../terminal/one-of.js';

interface ServeFlags {
  readonly host: string;
  readonly port: number;
  readonly queue: number;
  readonly maxMegabytes: number;
  readonly maxImages: number;
  readonly timeout: number;
  readonly uri?: string;
  readonly plugin: readonly string[];
}

/** `promptweave serve RUN`: predictions over HTTP. */
export function register(program: Command): void {
  program
    .command('serve')
    .summary('predict over HTTP')
    .description(
      'Answers POST /predict (JSON with base64, multipart, or the bytes of one image) with the classes that images show. There is a page to\n' +
        'try it at /, an OpenAPI document at /openapi.json, and /healthz. With PROMPTWEAVE_TOKEN set, only requests that send it are answered.',
    )
    .argument('<run>', 'folder of a run, a bundle, or a registered model (models:/NAME@ALIAS)')
    .option('--port <number>', 'port; 0 takes a free one', portNumber, 8000)
    .option('--host <address>', 'address to listen on; 0.0.0.0 for all of the machine', '127.0.0.1')
    .option('--queue <n>', 'requests that may wait; more are turned away with 429', wholeNumber, 64)
    .option('--max-megabytes <n>', 'largest request', wholeNumber, 32)
    .option('--max-images <n>', 'images of a request', wholeNumber, 64)
    .option('--timeout <seconds>', 'seconds from a request to its answer', wholeNumber, 60)
    .option('--uri <address>', 'MLflow server of a registered model (default: MLFLOW_TRACKING_URI)')
    .option('--plugin <module>', 'let the run load this module of yours; repeat it for several', collect, [])
    .addHelpText(
      'after',
      '\nExample:\n  $ promptweave serve runs/photos\n' +
        '  $ curl --data-binary @holiday.jpg --header "content-type: image/jpeg" http://127.0.0.1:8000/predict',
    )
    .action(async (run: string, { uri, plugin, maxMegabytes, timeout, ...flags }: ServeFlags) => {
      const { serve } = await import('../serve/serve.js');
      const { interruptible } = await import('../terminal/interrupt.js');
      const { signal, release } = interruptible(() => console.error('Answering what was asked, then ending.'));
      const options = {
        ...{ ...flags, maxBytes: maxMegabytes * 2 ** 20, timeout: timeout * 1000 },
        token: process.env.PROMPTWEAVE_TOKEN || undefined,
        onNote: (note: string) => console.error(note),
        onListening: (address: string) => console.log(`Listening on ${address}`),
      };
      await serve(run, options, { server: uri, plugins: plugin }, signal).finally(release);
    });
}

function portNumber(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65535) throw new InvalidArgumentError('Expected a port, 0 to 65535.');
  return port;
}
