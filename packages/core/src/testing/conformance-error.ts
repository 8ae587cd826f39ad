import { errorMark, PromptweaveError } from '../errors.js';

/** A part does not do what its contract says. */
export class ConformanceError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('ConformanceError');
}

/** @throws ConformanceError with the message, unless the condition holds. */
export function demand(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ConformanceError(message);
}
