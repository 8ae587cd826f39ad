import { errorMark, PromptweaveError } from '@promptweave/core';
import { MlflowError } from '@promptweave/mlflow-js-client';

/** What was to be recorded or registered cannot be, for now or for good. Training never meets it. */
export class TrackingError extends PromptweaveError {
  static override readonly mark: symbol = errorMark('TrackingError');
  override readonly exitCode = 7;
}

/** Awaits calls of a server; what it refuses becomes a TrackingError. */
export async function orTrackingError<T>(calls: Promise<T>): Promise<T> {
  try {
    return await calls;
  } catch (cause) {
    if (!(cause instanceof MlflowError)) throw cause;
    throw new TrackingError(cause.message, {
      where: cause.request,
      remedy: 'Look at the server and at what MLFLOW_TRACKING_URI and its credentials say.',
      cause,
    });
  }
}
