import { batchLimits } from './batches.js';
import type { Metric, Runs } from './runs.js';

/** How a buffer sends. */
export interface MetricBufferOptions {
  /** Seconds after which what was logged is sent. Default 2. */
  readonly intervalSeconds?: number;
  /** Metrics that wait at most; beyond that the oldest are dropped and counted. Default 100 000. */
  readonly capacity?: number;
  /** Called where sending in the background failed. What was not sent stays in the buffer. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Collects metrics of a run and sends them in batches in the background, so that logging costs nothing.
 *
 * It lives in memory: what is not sent when the process dies is lost. Its timer does not keep the process alive, so end
 * with `close()`.
 *
 * @example
 * const metrics = client.bufferMetrics(runId);
 * for (let step = 1; step <= 1000; step++) metrics.log('loss', trainStep(), step);
 * await metrics.close();
 */
export class MetricBuffer {
  /** Metrics that were dropped, for the buffer was full. */
  dropped = 0;
  private readonly waiting: Metric[] = [];
  private timer?: NodeJS.Timeout;
  private sending?: Promise<void>;

  constructor(
    private readonly runs: Pick<Runs, 'logBatch'>,
    private readonly runId: string,
    private readonly options: MetricBufferOptions = {},
  ) {}

  /** Metrics that were not sent yet. */
  get pending(): number {
    return this.waiting.length;
  }

  /**
   * Takes a value; returns at once and never throws.
   * @param step whole number that orders the values; by default 0
   * @param timestamp milliseconds since 1970; by default now
   */
  log(key: string, value: number, step = 0, timestamp = Date.now()): void {
    const { capacity = 100_000, intervalSeconds = 2, onError } = this.options;
    this.waiting.push({ key, value, step, timestamp });
    if (this.waiting.length > capacity) {
      this.waiting.shift();
      this.dropped += 1;
    }
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.flush().catch((error: unknown) => onError?.(error));
    }, intervalSeconds * 1000).unref();
  }

  /** Sends everything. Calls at the same time share the work. @throws MlflowError; what was not sent stays */
  async flush(): Promise<void> {
    await (this.sending ??= this.send().finally(() => (this.sending = undefined)));
  }

  /** Sends what is left and stops the timer. @throws MlflowError */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.sending?.catch(() => {}); // its error was reported; this is the next attempt
    await this.flush();
  }

  private async send(): Promise<void> {
    while (this.waiting.length > 0) {
      const metrics = this.waiting.splice(0, batchLimits.metrics);
      try {
        await this.runs.logBatch(this.runId, { metrics });
      } catch (error) {
        this.waiting.unshift(...metrics);
        throw error;
      }
    }
  }
}
