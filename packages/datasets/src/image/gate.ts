/**
 * Lets through work as long as all of it together weighs at most so much; something heavier passes alone. Work passes in the order in which
 * it came.
 */
export class Gate {
  private inside = 0;
  private readonly waiting: { readonly weight: number; enter(): void }[] = [];

  constructor(private readonly most: number) {}

  /** Runs work when there is room for it. */
  async pass<T>(weight: number, work: () => Promise<T>): Promise<T> {
    if (this.waiting.length > 0 || !this.fits(weight)) {
      await new Promise<void>((enter) => this.waiting.push({ weight, enter }));
    } else this.inside += weight;
    try {
      return await work();
    } finally {
      this.inside -= weight;
      this.letIn();
    }
  }

  private fits(weight: number): boolean {
    return this.inside === 0 || this.inside + weight <= this.most;
  }

  private letIn(): void {
    for (let next = this.waiting[0]; next && this.fits(next.weight); next = this.waiting[0]) {
      this.waiting.shift();
      this.inside += next.weight; // before it runs, so that nothing slips in between
      next.enter();
    }
  }
}
