import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toYaml, type ResolvedConfiguration } from '@promptweave/core/experiment';
import {
  hasCode,
  isTransient,
  MlflowApiError,
  MlflowProtocolError,
  type CallOptions,
  type Metric,
  type MlflowClient,
  type RunStatus,
  runTags,
} from '@promptweave/mlflow-js-client';
import { logDatasets } from './dataset-inputs.js';
import { withDeliveryLock } from './delivery-lock.js';
import { ALL, loadState, newState, saveState, type DeliveryState } from './delivery-state.js';
import type { ArtifactEntry, EndEntry, JournalEntry, MetricsEntry, StartEntry } from './journal-entry.js';
import { KnownMetrics } from './known-metrics.js';
import { flatParams, mlflowKey, mlflowParam, mlflowPath, mlflowTag, mlflowTitle } from './mlflow-names.js';
import { JOURNAL, readJournal } from './read-journal.js';
import { tagsOf } from './tags-of-run.js';
import { TrackingError } from './tracking-error.js';
import { findRun, settleParent, uniqueRun } from './unique-run.js';
import { fileWithin } from './within-folder.js';

/** Metrics that go in one call. */
const BATCH = 1000;

/** Outcome of a delivery that came to the end of the journal. */
export interface Delivered {
  /** Entries of the journal that the server has, those of former deliveries included. */
  readonly entries: number;
  readonly runId: string;
  readonly artifactUri: string;
  /** What the server refused for good, now or earlier. */
  readonly refused: readonly string[];
  /** What it did not take for now; the next delivery tries again. */
  readonly waiting: readonly string[];
  /** Whether the next delivery may succeed a moment later: a server that is overloaded or fails. */
  readonly transient: boolean;
  /** What this delivery changed so that MLflow takes it: names, and values that were cut. */
  readonly notes: readonly string[];
}

/**
 * Delivers what is left of a folder's journal, each entry once. Before metrics are sent it is noted that they may have
 * arrived, so that whatever interrupts the delivery, the next one asks the server instead of sending them twice.
 *
 * Calls are not repeated here: after an error the whole delivery is.
 *
 * @throws MlflowError where the server cannot be reached or does not work; deliver again later
 * @throws TrackingError where the journal is damaged or the run was deleted on the server
 */
export async function deliver(folder: string, client: MlflowClient, signal?: AbortSignal): Promise<Delivered> {
  const work = async (): Promise<Delivered> => {
    const state = await inStep(join(folder, JOURNAL), await loadState(folder, client.trackingUri));
    try {
      return await new Delivery(folder, client, state, signal).toTheEnd();
    } catch (error) {
      // The server lost its runs, another server stands at the address, or another run took the place of this one: it gets everything.
      const isLost = state.runId !== undefined && hasCode(error, 'RESOURCE_DOES_NOT_EXIST');
      if (!isLost && !(error instanceof ReplacedRun)) throw error;
      return await new Delivery(folder, client, newState(state.place), signal).toTheEnd();
    }
  };
  return await withDeliveryLock(folder, work, signal);
}

/**
 * The state, if the journal goes on where it ended. If not, the journal has lost lines that were delivered (a power failure,
 * an older copy): then all of it is compared with what the server has.
 */
async function inStep(journal: string, state: DeliveryState): Promise<DeliveryState> {
  const anew = { ...state, seq: 0, offset: 0, doubtful: ALL };
  if ((await stat(journal)).size < state.offset) return anew;
  try {
    for await (const { entry } of readJournal(journal, state.offset)) return entry.seq === state.seq + 1 ? state : anew;
  } catch (error) {
    if (error instanceof TrackingError) return anew; // the middle of a line, or a damaged one, which is met again then
    throw error;
  }
  return state;
}

/** The run that a journal was delivered to is gone, and there is another one of its identity. */
class ReplacedRun extends TrackingError {}

class Delivery {
  private readonly options: CallOptions;
  /** Entries up to this one may be on the server already. */
  private readonly doubtful: number;
  private readonly known: KnownMetrics;
  private readonly uploaded = new Map<string, string>();
  private readonly notes = new Set<string>();
  private metrics: Metric[] = [];
  private metricsEnd?: { readonly seq: number; readonly offset: number };

  constructor(
    private readonly folder: string,
    private readonly client: MlflowClient,
    private state: DeliveryState,
    private readonly signal?: AbortSignal,
  ) {
    this.options = { retries: 0, signal };
    this.doubtful = state.doubtful;
    this.known = new KnownMetrics(client, this.options);
  }

  async toTheEnd(): Promise<Delivered> {
    await this.tryAgain();
    for await (const { entry, next } of readJournal(join(this.folder, JOURNAL), this.state.offset)) {
      this.signal?.throwIfAborted();
      if (entry.type === 'metrics') {
        await this.collect(entry, next);
      } else {
        await this.flush();
        await this.send(entry);
        await this.save({ seq: entry.seq, offset: next });
      }
    }
    await this.flush();
    if (this.state.doubtful > this.state.seq) await this.save({ doubtful: this.state.seq });
    const { seq, refused, waiting, artifactUri = '' } = this.state;
    const texts = (entries: readonly { readonly message: string }[]) => entries.map(({ message }) => message);
    return {
      ...{ entries: seq, runId: this.runId(), artifactUri, refused: texts(refused), waiting: texts(waiting) },
      ...{ transient: waiting.some((entry) => entry.transient), notes: [...this.notes] },
    };
  }

  /** Sends what the server did not take before. */
  private async tryAgain(): Promise<void> {
    const due = new Set(this.state.waiting.map(({ seq }) => seq));
    if (due.size === 0) return;
    for await (const { entry } of readJournal(join(this.folder, JOURNAL))) {
      if (entry.seq > this.state.seq) break;
      if (!due.has(entry.seq)) continue;
      this.signal?.throwIfAborted();
      const before = this.state;
      this.state = { ...before, waiting: before.waiting.filter(({ seq }) => seq !== entry.seq) };
      try {
        if (entry.type !== 'metrics') await this.send(entry);
        else await this.sendMetrics(await this.known.without(this.runId(), this.metricsOf(entry)), entry.seq);
      } catch (error) {
        this.state = { ...this.state, waiting: before.waiting };
        throw error;
      }
      await this.save({});
    }
  }

  private async collect(entry: MetricsEntry, offset: number): Promise<void> {
    const metrics = this.metricsOf(entry);
    if (this.metrics.length + metrics.length > BATCH) await this.flush();
    this.metrics.push(...metrics);
    this.metricsEnd = { seq: entry.seq, offset };
  }

  private metricsOf({ step, time, values }: MetricsEntry): Metric[] {
    return Object.entries(values).map(([name, value]) => {
      const key = this.renamed(name, mlflowKey(name));
      return { key, value, step, timestamp: time };
    });
  }

  /** A name as MLflow takes it; that it is another one is told. */
  private renamed(name: string, taken: string): string {
    if (name !== taken) this.notes.add(`"${name}" is "${taken}" on MLflow, which does not take that name.`);
    return taken;
  }

  private async flush(): Promise<void> {
    const end = this.metricsEnd;
    if (!end) return;
    const doubtful = this.state.seq < Math.max(this.doubtful, this.state.doubtful);
    const metrics = doubtful ? await this.known.without(this.runId(), this.metrics) : this.metrics;
    if (metrics.length > 0) {
      await this.save({ doubtful: Math.max(this.state.doubtful, end.seq) });
      await this.sendMetrics(metrics, end.seq);
    }
    this.metrics = [];
    this.metricsEnd = undefined;
    await this.save(end);
  }

  /** Sends metrics; where the server refuses them together, it gets the halves, so that one bad value costs no other. */
  private async sendMetrics(metrics: readonly Metric[], seq: number): Promise<void> {
    if (metrics.length === 0) return;
    try {
      await this.client.runs.logBatch(this.runId(), { metrics }, this.options);
    } catch (error) {
      const isFinal = await this.isFinalRefusal(error);
      if (metrics.length === 1) {
        return this.note(isFinal, seq, `The metric ${metrics[0]!.key} of step ${metrics[0]!.step}`, error);
      }
      const half = Math.ceil(metrics.length / 2);
      await this.sendMetrics(metrics.slice(0, half), seq);
      await this.sendMetrics(metrics.slice(half), seq);
    }
  }

  private async send(entry: Exclude<JournalEntry, MetricsEntry>): Promise<void> {
    try {
      if (entry.type === 'start') await this.start(entry);
      else if (entry.type === 'artifact') await this.artifact(entry);
      else await this.end(entry);
    } catch (error) {
      const isFinal = await this.isFinalRefusal(error, entry.type === 'artifact');
      const what = entry.type === 'artifact' ? `The file ${entry.path}` : `The ${entry.type} of the run`;
      this.note(isFinal, entry.seq, what, error);
    }
  }

  /** Finds or creates the run, and says what it is. */
  private async start(entry: StartEntry): Promise<void> {
    const { client, options } = this;
    const { experimentId } = await client.experiments.ensure(mlflowTitle(entry.experiment), options);
    const parentRunId = entry.parent && (await this.parent(entry.parent, experimentId));
    const { id, name, time: startTime } = entry;
    const runName = mlflowTitle(name);
    const { run, created } = await uniqueRun(
      client,
      id,
      { experimentId, runName, startTime, parentRunId },
      { ...options },
    );
    const { runId, artifactUri } = run.info;
    if (!created && this.state.runId !== undefined && this.state.runId !== runId) throw this.replacedBy(runId);
    if (!created && this.state.runId !== runId) this.state = { ...this.state, doubtful: ALL };
    this.state = { ...this.state, experimentId, runId, artifactUri };
    // The first start says it all; later ones are the same run going on.
    const params = entry.seq === 1 ? this.cut(this.paramsOf(entry), mlflowParam) : {};
    const tags = Object.entries(tagsOf(entry, parentRunId)).map(([key, value]) => [
      this.renamed(key, mlflowKey(key)),
      value,
    ]);
    const batch = { params, tags: this.cut(Object.fromEntries(tags) as Record<string, string>, mlflowTag) };
    await client.runs.logBatch(runId, batch, options);
    if (run.info.status !== 'RUNNING') await client.runs.update(runId, { status: 'RUNNING' }, options);
    const json = `${JSON.stringify(entry.environment, undefined, 2)}\n`;
    await client.artifacts.upload(artifactUri, 'environment.json', json, options);
    const yaml = toYaml(entry.configuration as unknown as ResolvedConfiguration);
    await client.artifacts.upload(artifactUri, 'config.yaml', yaml, options);
  }

  /** The configuration, and what people know the run by. */
  private paramsOf({ configuration, params = {} }: StartEntry): Record<string, string> {
    const own = Object.entries(params).map(([name, value]) => [this.renamed(name, mlflowKey(name)), value] as const);
    return { ...Object.fromEntries(own), ...flatParams(configuration) };
  }

  /** Values as MLflow takes them; those that are cut are told. */
  private cut(values: Readonly<Record<string, string>>, cut: (value: string) => string): Record<string, string> {
    const kept = Object.entries(values).map(([key, value]) => {
      const taken = cut(value);
      if (taken !== value)
        this.notes.add(`The value of "${key}" is cut on MLflow; the run's config.yaml has the whole.`);
      return [key, taken] as const;
    });
    return Object.fromEntries(kept);
  }

  private async parent({ id, name }: NonNullable<StartEntry['parent']>, experimentId: string): Promise<string> {
    const { run } = await uniqueRun(this.client, id, { experimentId, runName: mlflowTitle(name) }, this.options);
    return run.info.runId;
  }

  private async artifact({ seq, path, content }: ArtifactEntry): Promise<void> {
    const place = this.state.artifactUri ?? '';
    const target = this.renamed(path, mlflowPath(path));
    if (content !== undefined) return await this.client.artifacts.upload(place, target, content, this.options);
    const found = await fileWithin(this.folder, path);
    if (!found) return this.note(false, seq, `The file ${path}`, new Error('It is not in the folder any more.'));
    // A file that was written several times since the last delivery is sent once.
    const version = `${found.mtimeMs}:${found.size}`;
    if (this.uploaded.get(path) === version) return;
    await this.client.artifacts.uploadFile(place, target, found.file, this.options);
    this.uploaded.set(path, version);
  }

  private async end({ status, error, digests, datasets = [], summary, tags: own, time }: EndEntry): Promise<void> {
    const { client, options } = this;
    const runId = this.runId();
    const tags = {
      ...Object.fromEntries(
        Object.entries(own ?? {}).map(([key, value]) => [this.renamed(key, mlflowKey(key)), value]),
      ),
      ...(summary !== undefined && { [runTags.note]: summary }),
      ...(error !== undefined && { 'promptweave.error': error }),
      ...(digests && { 'promptweave.checkpoint': digests.checkpoint, 'promptweave.dataset': digests.dataset }),
    };
    await client.runs.logBatch(runId, { tags: this.cut(tags, mlflowTag) }, options);
    if (datasets.length > 0 && !(await logDatasets(client, runId, datasets, options))) {
      this.notes.add('The server has no data sets of runs (MLflow has them since 2.4): its tags have their digests.');
    }
    const statuses: Readonly<Record<EndEntry['status'], RunStatus>> = {
      finished: 'FINISHED',
      stopped: 'KILLED',
      failed: 'FAILED',
    };
    const first = await this.firstEntry();
    if (first.parent)
      await settleParent(client, { experimentId: this.state.experimentId!, runId }, first.parent.id, options);
    await client.runs.update(runId, { status: statuses[status], endTime: time }, options);
  }

  private async firstEntry(): Promise<StartEntry> {
    for await (const { entry } of readJournal(join(this.folder, JOURNAL))) if (entry.type === 'start') return entry;
    throw this.damaged();
  }

  private runId(): string {
    if (this.state.runId === undefined) throw this.damaged();
    return this.state.runId;
  }

  private damaged(): TrackingError {
    return new TrackingError('The journal does not begin with the start of a run.', {
      where: join(this.folder, JOURNAL),
      remedy: 'Take another copy of the file.',
    });
  }

  /**
   * Goes on only where this very entry is refused. @returns whether sending it again is no use: MLflow itself says that it is wrong, or it
   * cannot be sent from here. Anything else (a proxy's limit, a file that may not be written just now) may pass.
   * @throws the error, where it is no refusal of the entry
   */
  private async isFinalRefusal(error: unknown, isFile = false): Promise<boolean> {
    if (isFile && (error instanceof MlflowProtocolError || error instanceof TrackingError)) return true;
    const { runId } = this.state;
    if (!(error instanceof MlflowApiError) || !runId) throw error;
    const { status, fromMlflow } = error;
    if (status !== 400 || !fromMlflow) {
      if (status === 413 || (isFile && ![401, 429].includes(status))) return false;
      throw error;
    }
    const { info } = await this.client.runs.get(runId, this.options);
    if (info.lifecycleStage === 'active') return true;
    const { id } = await this.firstEntry();
    const other = await findRun(this.client, this.state.experimentId ?? info.experimentId, id, this.options);
    if (other) throw this.replacedBy(other.info.runId);
    throw new TrackingError(`The run ${runId} was deleted on ${this.client.trackingUri}.`, {
      where: this.folder,
      remedy: `Restore it there, or delete ${join(this.folder, 'mlflow.json')} to deliver it as a new run.`,
    });
  }

  private replacedBy(runId: string): ReplacedRun {
    const message = `On ${this.client.trackingUri} the run ${runId} has taken the place of ${this.state.runId}.`;
    return new ReplacedRun(message, { where: this.folder, remedy: 'Deliver it again.' });
  }

  private note(isFinal: boolean, seq: number, what: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const { refused, waiting } = this.state;
    const message = `${what} ${isFinal ? 'cannot be there' : 'is not there yet'}: ${reason}`;
    if (isFinal) this.state = { ...this.state, refused: [...refused, { seq, message }] };
    else this.state = { ...this.state, waiting: [...waiting, { seq, message, transient: isTransient(error) }] };
  }

  private async save(change: Partial<DeliveryState>): Promise<void> {
    this.state = { ...this.state, ...change };
    await saveState(this.folder, this.client.trackingUri, this.state);
  }
}
