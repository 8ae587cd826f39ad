import { batchLimits, parts } from './batches.js';
import type { CallOptions, Connection } from './http/connection.js';
import type { JsonObject } from './http/json-object.js';
import type { ViewType } from './experiments.js';
import { everyPage } from './paging.js';
import { number, object, objects, optionalNumber, optionalText, pairs, record, text, wireNumber } from './wire.js';

/** Tags with a meaning to MLflow. */
export const runTags = {
  /** Id of the run that a run belongs to; MLflow shows it below that one. */
  parentRunId: 'mlflow.parentRunId',
  /** Name of the run. */
  runName: 'mlflow.runName',
  /** Description of the run, in Markdown. */
  note: 'mlflow.note.content',
  /** Who started the run. */
  user: 'mlflow.user',
  /** Program or command that the run is of. */
  sourceName: 'mlflow.source.name',
  /** Kind of that program, such as `LOCAL` or `NOTEBOOK`. */
  sourceType: 'mlflow.source.type',
  /** Commit of the program. */
  gitCommit: 'mlflow.source.git.commit',
} as const;

/** Where a run stands. */
export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED';

/** A run without its data. Times are in milliseconds since 1970. */
export interface RunInfo {
  /** Given by the server, unique on it. */
  readonly runId: string;
  /** Not unique; the server invents one where none is given. */
  readonly runName: string;
  /** The experiment that the run is one of. */
  readonly experimentId: string;
  /** `RUNNING` from the beginning until somebody ends it; the server does not look whether anybody is at work. */
  readonly status: RunStatus;
  /** As the client said it. */
  readonly startTime: number;
  /** Absent as long as nobody ended the run. */
  readonly endTime?: number;
  /** Where its artifacts are, e.g. "mlflow-artifacts:/1/…/artifacts". */
  readonly artifactUri: string;
  /** A deleted run can be restored until the server is cleaned up. */
  readonly lifecycleStage: 'active' | 'deleted';
}

/** A run with what was recorded of it, as the server has it. */
export interface Run {
  /** Identity, status and times. */
  readonly info: RunInfo;
  /** The last value of each metric; any number, NaN and the infinities included. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Settings, as text, by name; each has one value for good. */
  readonly params: Readonly<Record<string, string>>;
  /** Labels by name, those of {@link runTags} among them; they may be changed. */
  readonly tags: Readonly<Record<string, string>>;
}

/** One value of one metric. */
export interface Metric {
  /** Name of the metric, e.g. `train/loss`. */
  readonly key: string;
  /** Any number; NaN and the infinities, too. */
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Whole number that orders the values of a metric. */
  readonly step: number;
}

/** What a new run is made with. */
export interface NewRun extends CallOptions {
  /** The experiment that it is to be one of; one that exists. */
  readonly experimentId: string;
  /** Default: the server invents one. */
  readonly runName?: string;
  /** Default: now. */
  readonly startTime?: number;
  /** The run that this one belongs to. */
  readonly parentRunId?: string;
  /** Labels by name. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Which runs to look for. */
export interface RunSearch extends CallOptions {
  /** Ids of the experiments whose runs are searched. */
  readonly experimentIds: readonly string[];
  /** In MLflow's search language, e.g. "metrics.accuracy > 0.9 and tags.`mlflow.parentRunId` = '…'". */
  readonly filter?: string;
  /** E.g. ["metrics.accuracy DESC"]. */
  readonly orderBy?: readonly string[];
  /** Deleted runs, those that are not, or both. Default of the server: `ACTIVE_ONLY`. */
  readonly view?: ViewType;
  /** Runs that one request asks for; all are found in any case. Default 1000. */
  readonly pageSize?: number;
}

/** What to log together. */
export interface RunBatch {
  /** In any order and number. */
  readonly metrics?: readonly Metric[];
  /** Settings by name; none may have another value on the server already. */
  readonly params?: Readonly<Record<string, string>>;
  /** Labels by name; they take the place of earlier ones. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** A data set that a run was computed from. */
export interface DatasetInput {
  /** What people call the data set. */
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

  /**
   * Begins a run, with the status `RUNNING`.
   * @throws MlflowApiError RESOURCE_DOES_NOT_EXIST where there is no such experiment
   */
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

  /**
   * All runs that fit, fetched page by page as they are asked for.
   * @throws MlflowApiError INVALID_PARAMETER_VALUE where the server does not understand filter or order
   */
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

  /** Takes a deletion back. */
  async restore(runId: string, options?: CallOptions): Promise<void> {
    await this.post('restore', { run_id: runId }, options);
  }

  /** Logs one value at once; {@link Runs.logBatch} takes many. It is not sent again where the server may have acted on it. */
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

  /** Logs a setting. @throws MlflowApiError INVALID_PARAMETER_VALUE where the run has another value of that name */
  async logParam(runId: string, key: string, value: string, options?: CallOptions): Promise<void> {
    await this.post('log-parameter', { run_id: runId, key, value }, options);
  }

  /** Sets a label, in the place of an earlier one. */
  async setTag(runId: string, key: string, value: string, options?: CallOptions): Promise<void> {
    await this.post('set-tag', { run_id: runId, key, value }, options);
  }

  /** Takes a label away. @throws MlflowApiError RESOURCE_DOES_NOT_EXIST where there is none of that name */
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
