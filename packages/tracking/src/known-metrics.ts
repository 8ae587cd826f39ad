import type { CallOptions, Metric, MlflowClient } from '@promptweave/mlflow-js-client';

/** The metrics that a run has on the server, asked for once a name. */
export class KnownMetrics {
  /** Steps by name. */
  private readonly steps = new Map<string, ReadonlySet<number>>();

  constructor(
    private readonly client: MlflowClient,
    private readonly options: CallOptions,
  ) {}

  /** Those of the metrics that the server does not have: a journal has one value a step. */
  async without(runId: string, metrics: readonly Metric[]): Promise<Metric[]> {
    const left: Metric[] = [];
    for (const metric of metrics) if (!(await this.stepsOf(runId, metric.key)).has(metric.step)) left.push(metric);
    return left;
  }

  private async stepsOf(runId: string, key: string): Promise<ReadonlySet<number>> {
    const known = this.steps.get(key);
    if (known) return known;
    const steps = new Set<number>();
    for await (const metric of this.client.runs.metricHistory(runId, key, this.options)) steps.add(metric.step);
    this.steps.set(key, steps);
    return steps;
  }
}
