import type { RunCosts } from '@promptweave/core';
import type { RunResult, TrainEvent } from '@promptweave/core/experiment';

type Listener = (event: TrainEvent) => void;

/** Times the steps of a training by the events that it reports. */
export class CostMeter {
  private readonly stepSeconds: number[] = [];
  private last = performance.now();

  /** A listener that notes when steps end, and hands everything on. */
  watching(next?: Listener): Listener {
    return (event) => {
      const now = performance.now();
      if (event.type === 'step') this.stepSeconds.push((now - this.last) / 1000);
      this.last = now;
      next?.(event);
    };
  }

  /** What the run took. The first step, in which kernels are made ready, counts only where it is the only one. */
  costs({ parameters, evaluations, evaluationSeconds }: RunResult): RunCosts {
    const images = Object.values(evaluations).reduce((total, evaluation) => total + evaluation.images, 0);
    const steps = this.stepSeconds.length > 1 ? this.stepSeconds.slice(1) : this.stepSeconds;
    return {
      parameters,
      ...(steps.length > 0 && { stepSeconds: median(steps) }),
      peakBytes: process.resourceUsage().maxRSS * 1024,
      imagesPerSecond: images / evaluationSeconds,
    };
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
