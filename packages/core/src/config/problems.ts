import { ConfigError, errorMark } from '../errors.js';

/** Where a value of a configuration was written. */
export interface Place {
  /** File as the user named it, `override "seed=x"`, or `preset comma/base-to-novel`; absent for a value from code. */
  readonly source?: string;
  /** 1 is the first line and the first column. */
  readonly line?: number;
  readonly column?: number;
}

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** Option path, e.g. `train.batch`; empty for the configuration as a whole. */
  readonly path: string;
  /** What was expected and received, and the nearest valid name. */
  readonly message: string;
  readonly place: Place;
}

/** Everything that is wrong with a configuration, together. */
export class InvalidConfigurationError extends ConfigError {
  static override readonly mark: symbol = errorMark('InvalidConfigurationError');
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], details: { remedy?: string; cause?: unknown } = {}) {
    const sorted = [...problems].sort(
      (a, b) =>
        (a.place.line ?? Infinity) - (b.place.line ?? Infinity) ||
        (a.place.column ?? Infinity) - (b.place.column ?? Infinity) ||
        0,
    );
    const lines = sorted.map(describe);
    super(
      lines.length === 1 ? lines[0]! : [`${lines.length} problems:`, ...lines.map((line) => `  ${line}`)].join('\n'),
      {
        where: sorted[0] && describePlace(sorted[0].place),
        ...details,
      },
    );
    this.problems = sorted;
  }
}

/** `config.yaml:3:12`, or what else the place is known by. */
export function describePlace({ source, line, column }: Place): string | undefined {
  return line === undefined ? source : `${source ?? 'line'}:${line}:${column}`;
}

/** `["prompt", "depth"]` → `prompt.depth`; `["losses", 1, "use"]` → `losses.1.use`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map(String).join('.');
}

/** Signs of one problem that are told: a name may be a whole text. */
const LONGEST = 2000;

function shortened(line: string): string {
  return line.length > LONGEST ? `${line.slice(0, LONGEST / 2)} … ${line.slice(-LONGEST / 4)}` : line;
}

function describe({ path, message, place }: Problem): string {
  return shortened([describePlace(place), path, message].filter(Boolean).join(': '));
}
