import cliProgress from 'cli-progress';

/** A line that counts images on a terminal, and nothing elsewhere. */
export function createCounter(name: string, quiet: boolean): { show(done: number, total: number): void; end(): void } {
  if (quiet || !process.stderr.isTTY) return { show: () => undefined, end: () => undefined };
  const bar = new cliProgress.SingleBar({
    format: `${name}  {bar} {value}/{total} images`,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  let started = false;
  return {
    show: (done, total) => {
      if (started) return bar.update(done);
      started = true;
      bar.start(total, done);
    },
    end: () => bar.stop(),
  };
}
