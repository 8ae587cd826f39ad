/** Exit code of a command that the user stopped. */
export const STOPPED = 130;

/** A signal that Ctrl-C (or a polite kill) raises. A second Ctrl-C ends the process at once. */
export function interruptible(onInterrupt: () => void): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(STOPPED);
    controller.abort();
    onInterrupt();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    release: () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  };
}
