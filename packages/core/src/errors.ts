/**
 * The mark of a kind of error. It is the same in every copy of this package: a plugin may bring a copy of its own, whose classes are others.
 */
export function errorMark(kind: string): symbol {
  return Symbol.for(`promptweave.error.${kind}`);
}

/**
 * Every error a user can cause or meet says what was wrong, where it was found and what to do about it.
 * The command line prints `message`, then the remedy, and exits with `exitCode`.
 *
 * `instanceof` asks for the mark of the class rather than for the class, so that it knows errors of other copies of this package, too.
 */
export class PromptweaveError extends Error {
  /** A class without a mark of its own is known by itself, and by the marks of the classes above it. */
  static readonly mark: symbol = errorMark('PromptweaveError');

  /** Process exit code of the command line for this kind of error. */
  readonly exitCode: number = 1;
  /** File, option path, tensor name, … where the problem was found. */
  readonly where?: string;
  /** What the reader can do about it, as one imperative sentence. */
  readonly remedy?: string;
  /** `path=value` that would mend it, for programs that try what helps. */
  readonly change?: string;

  /**
   * @param message what was wrong, as a whole sentence
   * @param details.where file, option path, tensor name, …
   * @param details.remedy what the reader can do, as one imperative sentence
   * @param details.change `path=value` that would mend it
   * @param details.cause the error that led to this one
   */
  constructor(message: string, details: { where?: string; remedy?: string; change?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.where = details.where;
    this.remedy = details.remedy;
    if (details.change !== undefined) this.change = details.change;
    for (let kind: unknown = new.target; isErrorClass(kind); kind = Object.getPrototypeOf(kind)) {
      Object.defineProperty(this, kind.mark, { value: true });
    }
  }

  /** Whether an error has the mark of this class, from whichever copy of the package; asked by `instanceof`. */
  static override [Symbol.hasInstance](thrown: unknown): boolean {
    if (!Object.hasOwn(this, 'mark')) return Function.prototype[Symbol.hasInstance].call(this, thrown);
    return typeof thrown === 'object' && thrown !== null && (thrown as Record<symbol, unknown>)[this.mark] === true;
  }
}

function isErrorClass(value: unknown): value is { readonly mark: symbol } {
  return typeof value === 'function' && 'mark' in value;
}

/** The configuration is wrong: unknown name, wrong type, impossible combination. */
export class ConfigError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('ConfigError');
  override readonly exitCode = 2;
}

/** A weights file is missing, corrupt, of an unknown architecture, or does not fit what it is loaded into. */
export class CheckpointError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('CheckpointError');
  override readonly exitCode = 3;
}

/** A data set or an image is missing, unreadable or malformed. */
export class DatasetError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('DatasetError');
  override readonly exitCode = 4;
}

/** A backend is missing, cannot be installed, or lacks the memory for the work. */
export class BackendError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('BackendError');
  override readonly exitCode = 5;
}

/** Training produced a non-finite loss or cannot go on. */
export class TrainingError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('TrainingError');
  override readonly exitCode = 6;
}
