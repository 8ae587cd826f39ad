import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Command } from 'commander';
import type { StepTimes } from '@promptweave/bench';

interface SpeedFlags {
  readonly method: string[];
  readonly classes: string[];
  readonly batch?: string;
  readonly architecture: string;
  readonly repeats: string;
  readonly fastOnly?: boolean;
  readonly json?: boolean;
  /** Internal: measure one thing in this process and print it. */
  readonly measure?: string;
}

/** One measurement, made in a process of its own so that its peak memory is its own. */
interface Measurement {
  readonly kind: 'step' | 'tower';
  readonly architecture: string;
  readonly method: string;
  readonly classes: number;
  readonly batch?: number;
  readonly repeats: number;
  readonly path: 'fast' | 'plain';
}

/** Times of one method at one number of classes. */
interface SpeedRow {
  readonly method: string;
  readonly classes: number;
  readonly fast: StepTimes;
  readonly plain?: StepTimes;
}

/** `promptweave bench speed`: training steps on random weights, the fast path against the dense reference. */
export function registerSpeed(bench: Command): void {
  bench
    .command('speed')
    .summary('time training steps, fast path against plain path')
    .description(
      'Times training steps (forward, backward) on random weights and images, the fast path against the dense reference,\n' +
        'each in a process of its own. Prints seconds a step (median and minimum), ratios and peak memory.',
    )
    .option('--method <names...>', 'coop, coop-cached, lamm, lamm-cached, maple, comma, comma-all, maple+lamm', [
      'maple',
    ])
    .option('--classes <numbers...>', 'numbers of classes', ['10', '100'])
    .option('--batch <number>', "images in a batch; by default the papers'")
    .option('--architecture <name>', 'ViT-B/16, ViT-B/32, ViT-L/14, ViT-L/14@336 or icons', 'ViT-B/16')
    .option('--repeats <number>', 'counted steps, after one that warms up', '3')
    .option('--fast-only', 'leave the dense reference out')
    .option('--json', 'print JSON')
    .option('--measure <json>', 'internal: measure one thing and print it')
    .addHelpText(
      'after',
      '\nExample:\n  $ promptweave bench speed --method maple comma --classes 10 50 100 --repeats 5',
    )
    .action(async (flags: SpeedFlags) => {
      if (flags.measure) return console.log(JSON.stringify(await measure(JSON.parse(flags.measure) as Measurement)));
      const { architecture } = flags;
      const common = {
        architecture,
        repeats: Number(flags.repeats),
        ...(flags.batch && { batch: Number(flags.batch) }),
      };
      const tower = (await inOwnProcess({ ...common, kind: 'tower', method: '', classes: 0, path: 'fast' })) as {
        tower: number;
        peak: number;
      };
      const rows: SpeedRow[] = [];
      if (!flags.json) {
        console.log(
          `${architecture}, seconds a training step: median (minimum), peak memory. Set these beside another program's.`,
        );
        console.log('method        classes   fast path                 plain path                plain / fast');
      }
      for (const method of flags.method) {
        for (const classes of flags.classes.map(Number)) {
          const step = { ...common, kind: 'step', method, classes } as const;
          const fast = (await inOwnProcess({ ...step, path: 'fast' })) as StepTimes;
          const plain = flags.fastOnly ? undefined : ((await inOwnProcess({ ...step, path: 'plain' })) as StepTimes);
          rows.push({ method, classes, fast, plain });
          if (!flags.json) console.log(line(rows.at(-1)!));
        }
      }
      const share = tower.tower / tower.peak;
      if (flags.json) console.log(JSON.stringify({ architecture, visionTower: { ...tower, share }, rows }));
      else {
        const rates = `${tower.tower.toFixed(0)} of ${tower.peak.toFixed(0)} GFLOP/s`;
        console.log(
          `\nVision tower, forward + backward: ${rates} that a 1024³ matrix product reaches here (${(100 * share).toFixed(0)} %).`,
        );
      }
    });
}

async function inOwnProcess(measurement: Measurement): Promise<unknown> {
  const main = fileURLToPath(new URL('../../bin/promptweave.js', import.meta.url));
  const words = [main, 'bench', 'speed', '--measure', JSON.stringify(measurement)];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 2 ** 24 });
    return JSON.parse(stdout.trim().split('\n').at(-1)!);
  } catch (cause) {
    const { PromptweaveError } = await import('@promptweave/core');
    const { stderr = '', signal } = cause as { stderr?: string; signal?: string };
    throw new PromptweaveError(`The measurement of ${measurement.method || measurement.kind} failed.`, {
      where: signal === 'SIGKILL' ? 'its process was killed, most likely for want of memory' : stderr.trim(),
      remedy: 'Take fewer classes, a smaller batch, or --fast-only.',
    });
  }
}

async function measure({ kind, architecture, method, classes, batch, repeats, path }: Measurement): Promise<unknown> {
  const { architectureNamed, measureStep, measureVisionTower, speedMethodNamed } = await import('@promptweave/bench');
  const { randomClip } = await import('@promptweave/backbone-clip');
  const { defaultPlugins, loadPlugins } = await import('@promptweave/core');
  const { selectBackend } = await import('@promptweave/runtime');
  await selectBackend('auto');
  const backbone = randomClip(
    { seed: 1, ...architectureNamed(architecture) },
    { fast: path === 'fast', recompute: false },
  );
  if (kind === 'tower') return measureVisionTower(backbone, batch ?? 4, repeats);
  const registry = await loadPlugins(defaultPlugins, process.cwd(), import.meta.url);
  return measureStep(registry, backbone, { method: speedMethodNamed(method, backbone.shape), classes, batch, repeats });
}

function line({ method, classes, fast, plain }: SpeedRow): string {
  const times = ({ seconds, peakBytes }: StepTimes) =>
    `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)}), ${(peakBytes / 2 ** 30).toFixed(1)} GiB`.padEnd(
      26,
    );
  const ratio = plain ? `${(median(plain.seconds) / median(fast.seconds)).toFixed(1)}×` : '';
  return `${method.padEnd(14)}${String(classes).padEnd(10)}${times(fast)}${plain ? times(plain) : ''.padEnd(26)}${ratio}`;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
