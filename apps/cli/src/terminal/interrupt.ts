/** Exit code of a command that the user stopped. */
export const STOPPED = 130;

/**
 * A signal that Ctrl-C (or a polite kill) raises. A second Ctrl-C ends the process at once, as the terminal itself would: native
 * libraries that are in the middle of their work do not come to tear down what their own threads still use.
 */
export function interruptible(onInterrupt: () => void): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      process.removeAllListeners(name);
      process.kill(process.pid, name);
      return;
    }
    controller.abort();
    onInterrupt();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    release: () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt),
  };
}

/** Does a command's work until Ctrl-C, which raises the signal: what ends for that reason ends the command with its exit code, and no error. */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { signal, release } = interruptible(() => console.error('Stopping. Ctrl-C again ends at once.'));
  try {
    await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error('Stopped.');
    process.exitCode = STOPPED;
  } finally {
    release();
  }
}
