import { PromptweaveError } from '@promptweave/core';

/** What was to be recorded or registered cannot be, for now or for good. Training never meets it. */
export class TrackingError extends PromptweaveError {
  override readonly exitCode = 7;
}
