import type { Command } from 'commander';
import type { CostReport, CostRow } from '@promptweave/bench';

/** `promptweave cost CONFIG`: what a training step will cost, before it is run. */
export function register(program: Command): void {
  program
    .command('cost')
    .summary('estimate operations, memory and time of a configuration')
    .description(
      'Counts the floating point operations of a training step, estimates its memory, measures how fast this machine multiplies\n' +
        'matrices, and says what step, epoch and training will take, what each saving gives, and what the options for small\n' +
        'memories cost. Runs no training step.',
    )
    .argument('<config>', 'configuration file')
    .argument('[overrides...]', 'path=value')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ promptweave cost photos.yaml prompt.use=comma')
    .action(async (file: string, overrides: string[], flags: { readonly json?: boolean }) => {
      const { costOf, measureMatmulRate } = await import('@promptweave/bench');
      const { backendName, compose } = await import('../composition/compose.js');
      const { availableBytes } = await import('@promptweave/runtime');
      const composition = await compose({ configuration: file, overrides });
      try {
        const experiment = await composition.experiment();
        const report = costOf(experiment, measureMatmulRate());
        experiment.dispose();
        if (composition.backend.bfloat16)
          console.error(
            'The times are those of float32: how much shorter bfloat16 makes a step, bench speed measures.',
          );
        const available = await availableBytes();
        if (flags.json) console.log(JSON.stringify({ ...report, availableBytes: available }));
        else console.log(describe(report, backendName(composition.backend), available));
      } finally {
        await composition.close();
      }
    });
}

function describe(report: CostReport, backend: string, available: number | undefined): string {
  const { classes, batch, step, steps, epochs, peak } = report;
  const chunks = step.chunks > 1 ? ` in ${step.chunks} chunks of classes` : '';
  return [
    `${classes} classes, batch ${batch}, ${epochs} epochs, ${steps} steps. ${backend}: ${(peak / 1e9).toFixed(0)} GFLOP/s in a 1024³ matrix product.`,
    `A step: ${step.textRows} text rows${chunks}, ${step.visionRows} vision rows; ${giga(step.textFlops)} + ${giga(step.visionFlops)} GFLOP.`,
    `Expected: ${seconds(step.seconds)} a step, ${seconds(report.secondsPerEpoch)} an epoch, ${seconds(report.secondsOfTraining)} the training.`,
    `Memory: about ${gibibytes(step.bytes)} beyond the loaded model` +
      (available === undefined ? '.' : `; ${gibibytes(available)} are available.`),
    '',
    `${'Savings, one after the other'.padEnd(48)}text GFLOP  vision GFLOP  memory      a step`,
    ...report.savings.map(line),
    '',
    'Options, against the configuration',
    ...[step, ...report.options].map(line),
  ].join('\n');
}

function line({ way, textFlops, visionFlops, bytes, seconds: time }: CostRow): string {
  const columns = [giga(textFlops).padStart(10), giga(visionFlops).padStart(13), gibibytes(bytes).padStart(11)];
  return `${way.padEnd(48)}${columns.join(' ')} ${seconds(time).padStart(9)}`;
}

function giga(flops: number): string {
  return (flops / 1e9).toPrecision(3);
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

function seconds(value: number): string {
  return value < 60
    ? `${value.toPrecision(2)} s`
    : value < 5400
      ? `${(value / 60).toFixed(1)} min`
      : `${(value / 3600).toFixed(1)} h`;
}
