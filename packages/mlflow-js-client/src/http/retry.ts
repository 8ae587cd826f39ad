import { setTimeout as sleep } from 'node:timers/promises';
import { MlflowApiError, MlflowConnectionError, MlflowTimeoutError } from '../errors.js';

/** How often, and after what time, a request is sent again. */
export interface RetryPolicy {
  readonly retries: number;
  /** Seconds before the first repetition. */
  readonly first: number;
  /** Seconds before any repetition, at most. */
  readonly longest: number;
}

/**
 * Calls until it succeeds, fails for good, or has failed too often. Waiting times double and are jittered, so that many
 * clients of a server that comes back do not all call at once; a server's `Retry-After` is respected.
 *
 * @param repeatable whether sending twice does no harm. If not, a call is repeated only where the server cannot have acted
 *   on it: it was never reached, or it answered 429 or 503.
 */
export async function withRetries<T>(
  call: () => Promise<T>,
  policy: RetryPolicy,
  repeatable: boolean,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (attempt >= policy.retries || !isWorthRepeating(error, repeatable)) throw error;
      await sleep(1000 * delaySeconds(error, attempt, policy), undefined, { signal }).catch(() => {
        throw signal?.reason;
      });
    }
  }
}

/** Whether the same request may succeed a moment later: after network errors, silence, 429 and 5xx. */
export function isTransient(error: unknown): boolean {
  return isWorthRepeating(error, true);
}

function isWorthRepeating(error: unknown, repeatable: boolean): boolean {
  if (error instanceof MlflowApiError) {
    if (error.status === 429 || error.status === 503) return true;
    return repeatable && error.status >= 500 && error.status !== 501;
  }
  if (error instanceof MlflowConnectionError) return error.unsent || repeatable;
  return error instanceof MlflowTimeoutError && repeatable;
}

function delaySeconds(error: unknown, attempt: number, { first, longest }: RetryPolicy): number {
  const asked = error instanceof MlflowApiError ? error.retryAfter : undefined;
  const backoff = first * 2 ** attempt * (0.5 + Math.random() / 2);
  return Math.min(longest, Math.max(asked ?? 0, backoff));
}
