import type { LoaderTimes, StepTimes, TowerRates } from '@promptweave/bench';

/** One measurement, made in a process of its own. */
export interface Measurement {
  readonly kind: 'step' | 'vision' | 'loader';
  readonly architecture: string;
  readonly method: string;
  readonly classes: number;
  readonly batch?: number;
  readonly repeats: number;
  readonly path: 'fast' | 'plain';
  /** Classes that are computed together. */
  readonly together?: number;
}

/** Times of one method at one number of classes. */
export interface SpeedRow {
  readonly method: string;
  readonly classes: number;
  readonly fast: StepTimes;
  readonly plain?: StepTimes;
}

/** Everything that `bench speed` found; its `--json`. */
export interface SpeedReport {
  readonly architecture: string;
  readonly repeats: number;
  /** Before and after everything else: on a quiet machine they agree. */
  readonly vision: TowerRates & { readonly backend: string };
  readonly visionAfter: TowerRates & { readonly backend: string };
  readonly rows: readonly SpeedRow[];
  /** By method, at the fewest classes. */
  readonly loader: Readonly<Record<string, LoaderTimes>>;
}

/** What is measured now, for whoever waits. */
export function beginning({ kind, method, classes, path }: Measurement): string {
  if (kind === 'vision') return 'Measuring the image tower beside products of matrices.';
  if (kind === 'loader') return `Measuring how long ${method} waits for images.`;
  return `Measuring ${method} with ${classes} classes, ${path} path.`;
}

/** A finished row, for whoever waits. */
export function progressLine({ method, classes, fast, plain }: SpeedRow): string {
  return `${method}, ${classes} classes: ${times(fast.seconds)}${plain ? `, plain ${times(plain.seconds)}` : ''}`;
}

/** All results for people. */
export function describeReport(
  { architecture, repeats, vision, visionAfter, rows, loader }: SpeedReport,
  markdown: boolean,
): string {
  const head = [
    ...[
      'method',
      'classes',
      'step',
      'text part',
      'peak memory',
      'plain step',
      'plain text part',
      'plain / fast',
      'text part',
    ],
  ];
  const body = rows.map(({ method, classes, fast, plain }) => [
    ...[method, String(classes), times(fast.seconds), times(fast.textSeconds), gibibytes(fast.peakBytes)],
    ...(plain
      ? [
          times(plain.seconds),
          times(plain.textSeconds),
          ratio(plain.seconds, fast.seconds),
          ratio(plain.textSeconds, fast.textSeconds),
        ]
      : ['', '', '', '']),
  ]);
  const waits = Object.entries(loader).map(([method, { seconds, waited }]) => {
    const share = sum(waited) / sum(seconds);
    return `Waiting for images, ${method}: ${(100 * share).toFixed(1)} % of ${times(seconds)} a step.`;
  });
  return [
    `${architecture}, ${vision.backend}: seconds of a training step, median (minimum) of ${repeats}. Set these beside another program's.`,
    '',
    ...(markdown ? markdownTable([head, ...body]) : plainTable([head, ...body])),
    '',
    ...[vision, visionAfter].map(towerLine),
    ...waits,
  ].join('\n');
}

function towerLine({ tower, products }: TowerRates): string {
  const [rate, product] = [median(tower), median(products)].map((flops) => (flops / 1e9).toFixed(0));
  const shares = tower.map((flops, i) => (100 * flops) / products[i]!);
  return `Vision tower, forward + backward: ${rate} GFLOP/s, where 1024³ matrix products right before and after reach ${product}: ${median(shares).toFixed(0)} % (${Math.min(...shares).toFixed(0)} to ${Math.max(...shares).toFixed(0)} %).`;
}

function plainTable(lines: readonly (readonly string[])[]): string[] {
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  return lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

function markdownTable([head, ...body]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head!), line(head!.map(() => '---')), ...body.map(line)];
}

function times(seconds: readonly number[]): string {
  return `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)})`;
}

function ratio(slow: readonly number[], quick: readonly number[]): string {
  return `${(median(slow) / median(quick)).toFixed(1)}×`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
