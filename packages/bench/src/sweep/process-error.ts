import { errorMark, PromptweaveError } from '@promptweave/core';

/** What is known of an error that another process met. */
export interface ProcessErrorDetails {
  /** Class of the error there. */
  readonly name?: string;
  /** Of the process, or of a command that the error ends. Default 1. */
  readonly exitCode?: number;
  readonly where?: string;
  readonly remedy?: string;
}

/** An error of another process, with the name and the exit code that it had there. */
export class ProcessError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('ProcessError');
  override readonly exitCode: number;

  constructor(message: string, { name, exitCode = 1, ...details }: ProcessErrorDetails = {}) {
    super(message, details);
    this.exitCode = exitCode;
    if (name !== undefined) this.name = name;
  }
}
