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
  /** Default: float32. */
  readonly precision?: 'bfloat16';
}

/** Times of one method at one number of classes. */
export interface SpeedRow {
  readonly method: string;
  readonly classes: number;
  readonly fast: StepTimes;
  /** The fast path with frozen weights in bfloat16. */
  readonly bfloat16?: StepTimes;
  readonly plain?: StepTimes;
}

/** The image tower, and what computed it. */
export interface MeasuredTower extends TowerRates {
  readonly backend: string;
  /** The CPU's instruction, where it was computed in bfloat16. */
  readonly bfloat16?: string;
}

/** Everything that `bench speed` found; its `--json`. */
export interface SpeedReport {
  readonly architecture: string;
  readonly repeats: number;
  /** Before and after everything else: on a quiet machine they agree. */
  readonly vision: MeasuredTower;
  readonly visionAfter: MeasuredTower;
  readonly visionBfloat16?: MeasuredTower;
  readonly rows: readonly SpeedRow[];
  /** By method, at the fewest classes. */
  readonly loader: Readonly<Record<string, LoaderTimes>>;
}

/** All times of several measurements of the same step. */
export function allOf(measured: readonly StepTimes[]): StepTimes {
  const all = (of: (times: StepTimes) => readonly number[]): number[] => measured.flatMap(of);
  return {
    seconds: all(({ seconds }) => seconds),
    textSeconds: all(({ textSeconds }) => textSeconds),
    cpuSeconds: all(({ cpuSeconds }) => cpuSeconds),
    peakBytes: Math.max(...measured.map(({ peakBytes }) => peakBytes)),
    together: measured[0]!.together,
  };
}

/** What is measured now, for whoever waits. */
export function beginning({ kind, method, classes, path, precision }: Measurement): string {
  const how = precision ? `, ${precision}` : '';
  if (kind === 'vision') return `Measuring the image tower beside products of matrices${how}.`;
  if (kind === 'loader') return `Measuring how long ${method} waits for images.`;
  return `Measuring ${method} with ${classes} classes, ${path} path${how}.`;
}

/** A finished row, for whoever waits. */
export function progressLine({ method, classes, fast, bfloat16, plain }: SpeedRow): string {
  const other = bfloat16 ? `, bfloat16 ${times(bfloat16.seconds)}` : '';
  return `${method}, ${classes} classes: ${times(fast.seconds)}${other}${plain ? `, plain ${times(plain.seconds)}` : ''}`;
}

/** All results for people. */
export function describeReport(
  { architecture, repeats, vision, visionAfter, visionBfloat16, rows, loader }: SpeedReport,
  markdown: boolean,
): string {
  const columns: Record<string, (row: SpeedRow) => string | undefined> = {
    method: ({ method }) => method,
    classes: ({ classes }) => String(classes),
    step: ({ fast }) => times(fast.seconds),
    'text part': ({ fast }) => times(fast.textSeconds),
    'peak memory': ({ fast }) => gibibytes(fast.peakBytes),
    'bfloat16 step': ({ bfloat16 }) => bfloat16 && times(bfloat16.seconds),
    'bfloat16 text part': ({ bfloat16 }) => bfloat16 && times(bfloat16.textSeconds),
    'bfloat16 memory': ({ bfloat16 }) => bfloat16 && gibibytes(bfloat16.peakBytes),
    'float32 / bfloat16': ({ fast, bfloat16 }) => bfloat16 && ratio(fast.seconds, bfloat16.seconds),
    'text, float32 / bfloat16': ({ fast, bfloat16 }) => bfloat16 && ratio(fast.textSeconds, bfloat16.textSeconds),
    'plain step': ({ plain }) => plain && times(plain.seconds),
    'plain text part': ({ plain }) => plain && times(plain.textSeconds),
    'plain / fast': ({ fast, plain }) => plain && ratio(plain.seconds, fast.seconds),
    'text, plain / fast': ({ fast, plain }) => plain && ratio(plain.textSeconds, fast.textSeconds),
  };
  const told = Object.entries(columns).filter(([, cell]) => rows.some((row) => cell(row) !== undefined));
  const head = told.map(([name]) => name);
  const body = rows.map((row) => told.map(([, cell]) => cell(row) ?? ''));
  const waits = Object.entries(loader).map(([method, { seconds, waited }]) => {
    const share = sum(waited) / sum(seconds);
    return `Waiting for images, ${method}: ${(100 * share).toFixed(1)} % of ${times(seconds)} a step.`;
  });
  return [
    `${architecture}, ${vision.backend}: seconds of a training step, median (minimum) of ${repeats}. Set these beside another program's.`,
    '',
    ...(markdown ? markdownTable([head, ...body]) : plainTable([head, ...body])),
    '',
    ...[vision, ...(visionBfloat16 ? [visionBfloat16] : []), visionAfter].map(towerLine),
    ...waits,
  ].join('\n');
}

function towerLine({ tower, products, images, bfloat16 }: MeasuredTower): string {
  const [rate, product] = [median(tower), median(products)].map((flops) => (flops / 1e9).toFixed(0));
  const shares = tower.map((flops, i) => (100 * flops) / products[i]!);
  const name = bfloat16 ? `Vision tower in bfloat16 (${bfloat16})` : 'Vision tower';
  return `${name}, forward + backward: ${rate} GFLOP/s, where 1024³ matrix products of float32 right before and after reach ${product}: ${median(shares).toFixed(0)} % (${Math.min(...shares).toFixed(0)} to ${Math.max(...shares).toFixed(0)} %). Forward alone: ${median(images).toFixed(1)} images/s.`;
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
