import type { Command } from 'commander';
import type { StepTimes } from '@promptweave/bench';
import type { Measurement, SpeedReport, SpeedRow } from '../speed/speed-report.js';
import { oneOf, wholeNumber } from '../terminal/one-of.js';

interface SpeedFlags {
  readonly method: string[];
  readonly classes: string[];
  readonly plain?: string[];
  readonly batch?: number;
  readonly architecture: string;
  readonly repeats: number;
  readonly fastOnly?: boolean;
  readonly precision: 'float32' | 'bfloat16';
  readonly plainRepeats: number;
  readonly loader: string[];
  readonly markdown?: boolean;
  readonly json?: boolean;
  /** Internal: measure one thing in this process and print it. */
  readonly measure?: string;
}

/** Classes of the dense reference that are computed together: 25 of ViT-B/16 need 7 GiB. */
const PLAIN_TOGETHER = 25;

/** The turns of both precisions, so that what slows the machine down meets both. */
const TURNS = [undefined, 'bfloat16', undefined, 'bfloat16'] as const;

/** Repetitions of the vision tower, each beside products of matrices: a ratio of two noisy times wants some. */
const TOWER_REPEATS = 9;

/** `promptweave bench speed`: training steps on random weights, the fast path against the dense reference. */
export function registerSpeed(bench: Command): void {
  bench
    .command('speed')
    .summary('time training steps, fast path against plain path')
    .description(
      'Times training steps (forward and backward) on random weights and images, the fast path against the dense reference, each in a\n' +
        'process of its own. Prints seconds a step (median and minimum of the repeats), the text part alone, ratios, peak memory, how\n' +
        "long steps wait for images, and the vision tower's share of what a matrix product reaches. The dense reference takes\n" +
        `${PLAIN_TOGETHER} classes at a time, one group after the other: the same work within the memory of a usual machine.`,
    )
    .option(
      '--method <names...>',
      'coop, coop-cached, lamm, lamm-cached, maple, comma, comma-all, maple+lamm, ivlp, lora, layer-norm',
      ['coop', 'maple', 'comma', 'lamm', 'maple+lamm'],
    )
    .option('--classes <numbers...>', 'numbers of classes', ['10', '100'])
    .option('--plain <numbers...>', 'numbers of classes of the dense reference (default: those of --classes up to 100)')
    .option('--batch <number>', "images in a batch; by default the papers'", wholeNumber)
    .option('--architecture <name>', 'ViT-B/16, ViT-B/32, ViT-L/14, ViT-L/14@336 or icons', 'ViT-B/16')
    .option('--repeats <number>', 'counted steps, after one that warms up', wholeNumber, 3)
    .option('--fast-only', 'leave the dense reference out')
    .option(
      '--precision <name>',
      'bfloat16 measures the fast path in float32 and in bfloat16, in two turns each',
      oneOf('float32', 'bfloat16'),
      'float32',
    )
    .option('--plain-repeats <number>', 'counted steps of the dense reference', wholeNumber, 1)
    .option('--loader <names...>', 'methods whose steps are also timed on encoded images (or none)', ['coop', 'maple'])
    .option('--markdown', 'print tables in Markdown')
    .option('--json', 'print JSON')
    .option('--measure <json>', 'internal: measure one thing and print it')
    .addHelpText(
      'after',
      '\nExamples:\n  $ promptweave bench speed --method maple comma --classes 10 50 100 --repeats 5\n' +
        '  $ promptweave bench speed --precision bfloat16 --fast-only --markdown\n' +
        '  $ promptweave bench speed --architecture icons --classes 85 --json',
    )
    .action(async (flags: SpeedFlags) => {
      const { knownMethod, measureHere, measureInProcess: measure } = await import('../speed/speed-measurements.js');
      if (flags.measure)
        return console.log(JSON.stringify(await measureHere(JSON.parse(flags.measure) as Measurement)));
      const { allOf, beginning, describeReport, progressLine } = await import('../speed/speed-report.js');
      flags.method.forEach(knownMethod);
      const measureInProcess = <Result>(measurement: Measurement): Promise<Result> => {
        console.error(beginning(measurement)); // on a loaded machine one takes minutes
        return measure<Result>(measurement);
      };
      const { architecture, repeats, batch } = flags;
      const common = { architecture, repeats, ...(batch !== undefined && { batch }) };
      const machine = (precision?: 'bfloat16'): Promise<SpeedReport['vision']> => {
        const tower = { repeats: TOWER_REPEATS, kind: 'vision', method: '', classes: 0, path: 'fast' } as const;
        return measureInProcess({ ...common, ...tower, precision });
      };
      const inBoth = flags.precision === 'bfloat16';
      const counts = flags.classes.map(wholeNumber);
      const plain = flags.fastOnly ? [] : (flags.plain?.map(wholeNumber) ?? counts.filter((count) => count <= 100));
      const rows: SpeedRow[] = [];
      const vision = await machine();
      const bfloat16 = inBoth ? await machine('bfloat16') : undefined;
      for (const method of flags.method) {
        for (const classes of counts) {
          const step = { ...common, kind: 'step', method, classes } as const;
          const inTurns: { precision?: 'bfloat16'; times: StepTimes }[] = [];
          for (const precision of inBoth ? TURNS : [undefined]) {
            inTurns.push({ precision, times: await measureInProcess<StepTimes>({ ...step, path: 'fast', precision }) });
          }
          const of = (wanted?: 'bfloat16'): StepTimes =>
            allOf(inTurns.flatMap(({ precision, times }) => (precision === wanted ? [times] : [])));
          const dense = {
            ...step,
            path: 'plain',
            together: Math.min(classes, PLAIN_TOGETHER),
            repeats: flags.plainRepeats,
          } as const;
          const row: SpeedRow = {
            ...{ method, classes, fast: of() },
            ...(inBoth && { bfloat16: of('bfloat16') }),
            ...(plain.includes(classes) && { plain: await measureInProcess<StepTimes>(dense) }),
          };
          rows.push(row);
          console.error(progressLine(row));
        }
      }
      const fewest = Math.min(...counts);
      const loader: Record<string, SpeedReport['loader'][string]> = {};
      for (const method of flags.loader.filter((name) => flags.method.includes(name))) {
        loader[method] = await measureInProcess({ ...common, kind: 'loader', method, classes: fewest, path: 'fast' });
      }
      const towers = { vision, visionAfter: await machine(), ...(bfloat16 && { visionBfloat16: bfloat16 }) };
      const report: SpeedReport = { architecture, repeats, ...towers, rows, loader };
      console.log(flags.json ? JSON.stringify(report) : describeReport(report, flags.markdown === true));
    });
}
