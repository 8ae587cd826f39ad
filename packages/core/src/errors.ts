/**
 * Every error a user can cause or meet says what was wrong, where it was found and what to do about it.
 * The command line prints `message`, then the remedy, and exits with `exitCode`.
 */
export class PromptweaveError extends Error {
  /** Process exit code of the command line for this kind of error. */
  readonly exitCode: number = 1;
  /** File, option path, tensor name, … where the problem was found. */
  readonly where?: string;
  /** What the reader can do about it, as one imperative sentence. */
  readonly remedy?: string;

  constructor(message: string, details: { where?: string; remedy?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.where = details.where;
    this.remedy = details.remedy;
  }
}

/** The configuration is wrong: unknown name, wrong type, impossible combination. */
export class ConfigError extends PromptweaveError {
  override readonly exitCode = 2;
}

/** A weights file is missing, corrupt, of an unknown architecture, or does not fit what it is loaded into. */
export class CheckpointError extends PromptweaveError {
  override readonly exitCode = 3;
}

/** A data set or an image is missing, unreadable or malformed. */
export class DatasetError extends PromptweaveError {
  override readonly exitCode = 4;
}

/** A backend is missing, cannot be installed, or lacks the memory for the work. */
export class BackendError extends PromptweaveError {
  override readonly exitCode = 5;
}

/** Training produced a non-finite loss or cannot go on. */
export class TrainingError extends PromptweaveError {
  override readonly exitCode = 6;
}
