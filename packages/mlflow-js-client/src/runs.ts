import { batchLimits, parts } from './batches.js';
import type { CallOptions, Connection } from './http/connection.js';
import type { JsonObject } from './http/json-object.js';
import type { ViewType } from './experiments.js';
import { everyPage } from './paging.js';
import { number, object, objects, optionalNumber, optionalText, pairs, record, text, wireNumber } from './wire.js';

/** Tags with a meaning to MLflow. */
export const runTags = {
  parentRunId: 'mlflow.parentRunId',
  runName: 'mlflow.runName',
  note: 'mlflow.note.content',
  user: 'mlflow.user',
  sourceName: 'mlflow.source.name',
  sourceType: 'mlflow.source.type',
  gitCommit: 'mlflow.source.git.commit',
} as const;

/** Where a run stands. */
export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

/** A run without its data. Times are in milliseconds since 1970. */
export interface RunInfo {
  readonly runId: string;
  readonly runName: string;
  readonly experimentId: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime?: number;
  /** Where its artifacts are, e.g. "mlflow-artifacts:/1/…/artifacts". */
  readonly artifactUri: string;
  readonly lifecycleStage: 'active' | 'deleted';
}

/** A run with what was recorded of it, as the server has it. */
export interface Run {
  readonly info: RunInfo;
  /** The last value of each metric; any number, NaN and the infinities included. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

/** One value of one metric. */
export interface Metric {
  readonly key: string;
  /** Any number; NaN and the infinities, too. */
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface NewRun extends CallOptions {
  readonly experimentId: string;
  readonly runName?: string;
  /** Default: now. */
  readonly startTime?: number;
  /** The run that this one belongs to. */
  readonly parentRunId?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface RunSearch extends CallOptions {
  readonly experimentIds: readonly string[];
  /** In MLflow's search language, e.g. "metrics.accuracy > 0.9 and tags.`mlflow.parentRunId` = '…'". */
  readonly filter?: string;
  /** E.g. ["metrics.accuracy DESC"]. */
  readonly orderBy?: readonly string[];
  readonly view?: ViewType;
  readonly pageSize?: number;
}

/** What to log together. */
export interface RunBatch {
  readonly metrics?: readonly Metric[];
  readonly params?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
}

/** A data set that a run was computed from. */
export interface DatasetInput {
  readonly name: string;
  /** At most 36 characters. */
  readonly digest: string;
  /** `local`, `http`, `hugging_face`, `code`, … */
  readonly sourceType: string;
  /** JSON of what the type wants, such as `{ "uri": "/data/flowers" }` of `local`. */
  readonly source: string;
  /** What the run does with it: `training`, `eval`, … */
  readonly context: string;
}

/** Runs of a tracking server, and their metrics, params and tags. */
export class Runs {
  constructor(private readonly connection: Connection) {}

  async create({ experimentId, runName, startTime, parentRunId, tags, ...options }: NewRun): Promise<Run> {
    const all = { ...tags, ...(parentRunId && { [runTags.parentRunId]: parentRunId }) };
    const body = {
      experiment_id: experimentId,
      run_name: runName,
      start_time: startTime ?? Date.now(),
      tags: pairs(all),
    };
    return runOf(object((await this.post('create', body, { ...options, repeatable: false }))['run']));
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST */
  async get(runId: string, options?: CallOptions): Promise<Run> {
    const query = { run_id: runId };
    const answer = await this.connection.call({ ...options, method: 'GET', endpoint: 'runs/get', query });
    return runOf(object(answer['run']));
  }

  search({ experimentIds, filter, orderBy, view, pageSize = 1000, ...options }: RunSearch): AsyncGenerator<Run> {
    return everyPage(async (token) => {
      const body = {
        experiment_ids: experimentIds,
        filter,
        order_by: orderBy,
        run_view_type: view,
        max_results: pageSize,
        page_token: token,
      };
      const answer = await this.post('search', body, options);
      return { items: objects(answer['runs']).map(runOf), next: optionalText(answer['next_page_token']) };
    });
  }

  /** Changes status, end (milliseconds since 1970) or name. */
  async update(
    runId: string,
    { status, endTime, runName }: Partial<Pick<RunInfo, 'status' | 'endTime' | 'runName'>>,
    options?: CallOptions,
  ): Promise<void> {
    await this.post('update', { run_id: runId, status, end_time: endTime, run_name: runName }, options);
  }

  /** Ends a run now. */
  async end(runId: string, status: RunStatus = 'FINISHED', options?: CallOptions): Promise<void> {
    await this.update(runId, { status, endTime: Date.now() }, options);
  }

  /** Marks a run as deleted. */
  async delete(runId: string, options?: CallOptions): Promise<void> {
    await this.post('delete', { run_id: runId }, options);
  }

  async restore(runId: string, options?: CallOptions): Promise<void> {
    await this.post('restore', { run_id: runId }, options);
  }

  async logMetric(runId: string, metric: Metric, options?: CallOptions): Promise<void> {
    const body = { run_id: runId, ...wireMetric(metric) };
    await this.post('log-metric', body, { ...options, repeatable: false });
  }

  /**
   * Logs any number of metrics, params and tags, in as few calls as the server's limits allow: 1000 metrics, 100 params or
   * 100 tags, and below 1 MB. A param keeps its first value: another one later is refused (INVALID_PARAMETER_VALUE).
   *
   * Where this fails, some of the batch may have been logged. A server on a database drops metrics that it has already;
   * one on files does not, so metrics are not sent again where the server may have acted on them.
   */
  async logBatch(runId: string, { metrics = [], params, tags }: RunBatch, options?: CallOptions): Promise<void> {
    const bodies = [
      ...parts(pairs(tags), batchLimits.tags).map((entries) => ({ tags: entries })),
      ...parts(pairs(params), batchLimits.params).map((entries) => ({ params: entries })),
      ...parts(metrics.map(wireMetric), batchLimits.metrics).map((entries) => ({ metrics: entries })),
    ];
    for (const body of bodies) {
      await this.post('log-batch', { run_id: runId, ...body }, { ...options, repeatable: !('metrics' in body) });
    }
  }

  /** Says what a run was computed from. Saying it again changes nothing. Servers know it since MLflow 2.4. */
  async logInputs(runId: string, inputs: readonly DatasetInput[], options?: CallOptions): Promise<void> {
    const datasets = inputs.map(({ name, digest, sourceType, source, context }) => ({
      tags: [{ key: 'mlflow.data.context', value: context }],
      dataset: { name, digest, source_type: sourceType, source },
    }));
    for (const part of parts(datasets, batchLimits.inputs)) {
      await this.post('log-inputs', { run_id: runId, datasets: part }, options);
    }
  }

  async logParam(runId: string, key: string, value: string, options?: CallOptions): Promise<void> {
    await this.post('log-parameter', { run_id: runId, key, value }, options);
  }

  async setTag(runId: string, key: string, value: string, options?: CallOptions): Promise<void> {
    await this.post('set-tag', { run_id: runId, key, value }, options);
  }

  async deleteTag(runId: string, key: string, options?: CallOptions): Promise<void> {
    await this.post('delete-tag', { run_id: runId, key }, options);
  }

  /** All values of a metric, in the order in which the server keeps them. */
  metricHistory(runId: string, key: string, options?: CallOptions): AsyncGenerator<Metric> {
    return everyPage(async (token) => {
      const query = { run_id: runId, metric_key: key, page_token: token, max_results: '25000' };
      const call = { ...options, method: 'GET', endpoint: 'metrics/get-history', query } as const;
      const answer = await this.connection.call(call);
      return { items: objects(answer['metrics']).map(metricOf), next: optionalText(answer['next_page_token']) };
    });
  }

  private post(what: string, body: unknown, options?: CallOptions & { readonly repeatable?: boolean }) {
    return this.connection.call({ ...options, method: 'POST', endpoint: `runs/${what}`, body });
  }
}

function wireMetric({ key, value, timestamp, step }: Metric) {
  return { key, value: wireNumber(value), timestamp: Math.round(timestamp), step };
}

function metricOf(json: JsonObject): Metric {
  return {
    key: text(json['key']),
    value: number(json['value']),
    timestamp: number(json['timestamp']),
    step: number(json['step']),
  };
}

function runOf(json: JsonObject): Run {
  const info = object(json['info']);
  const data = object(json['data']);
  return {
    info: {
      runId: text(info['run_id']),
      runName: text(info['run_name']),
      experimentId: text(info['experiment_id']),
      status: text(info['status']) as RunStatus,
      startTime: number(info['start_time']),
      endTime: optionalNumber(info['end_time']) || undefined,
      artifactUri: text(info['artifact_uri']),
      lifecycleStage: info['lifecycle_stage'] === 'deleted' ? 'deleted' : 'active',
    },
    metrics: Object.fromEntries(
      objects(data['metrics'])
        .map(metricOf)
        .map(({ key, value }) => [key, value]),
    ),
    params: record(data['params']),
    tags: record(data['tags']),
  };
}
