/** Weight of the newest step in the running means. */
const NEWEST = 0.1;

/** Running means of how long steps take. */
export class StepClock {
  private meanSeconds?: number;
  private meanRate?: number;

  /** Notes a step of so many images. */
  add(seconds: number, images: number): void {
    const rate = images / seconds;
    this.meanSeconds = this.meanSeconds === undefined ? seconds : blend(this.meanSeconds, seconds);
    this.meanRate = this.meanRate === undefined ? rate : blend(this.meanRate, rate);
  }

  get imagesPerSecond(): number {
    return this.meanRate ?? 0;
  }

  secondsFor(steps: number): number {
    return steps * (this.meanSeconds ?? 0);
  }
}

function blend(mean: number, value: number): number {
  return mean + NEWEST * (value - mean);
}
