import { claimOrWait } from '@promptweave/core/experiment';
import { TrackingError } from './tracking-error.js';

/** What the claims are called whose holder delivers a folder's journal. */
const LOCK = 'mlflow.lock';

/**
 * Delivers a folder's journal alone. What a dead process left is taken over: at once where it ran on this machine, otherwise when it has
 * given no sign of life for three minutes (see `tryClaim`).
 * @param signal ends the waiting for such a sign
 * @throws TrackingError where another process is delivering just now
 */
export async function withDeliveryLock<T>(folder: string, deliver: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const claim = await claimOrWait(folder, LOCK, signal);
  if (!claim) {
    throw new TrackingError('Another process is delivering this journal just now.', {
      where: folder,
      remedy: 'Wait until it is done.',
    });
  }
  try {
    return await deliver();
  } finally {
    claim.release();
  }
}
