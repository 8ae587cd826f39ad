import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { toYaml, type ResolvedConfiguration } from '@promptweave/core';
import {
  hasCode,
  MlflowApiError,
  MlflowProtocolError,
  type CallOptions,
  type Metric,
  type MlflowClient,
  type RunStatus,
} from '@promptweave/mlflow-js-client';
import { withDeliveryLock } from './delivery-lock.js';
import { ALL, loadState, newState, saveState, type DeliveryState } from './delivery-state.js';
import type { ArtifactEntry, EndEntry, JournalEntry, MetricsEntry, StartEntry } from './journal-entry.js';
import { KnownMetrics } from './known-metrics.js';
import { flatParams, mlflowKey, mlflowTag } from './mlflow-names.js';
import { JOURNAL, readJournal } from './read-journal.js';
import { tagsOf } from './tags-of-run.js';
import { TrackingError } from './tracking-error.js';
import { findRun, settleParent, uniqueRun } from './unique-run.js';

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
    const { seq, refused, artifactUri = '' } = this.state;
    return { entries: seq, runId: this.runId(), artifactUri, refused: refused.map(({ message }) => message) };
  }

  private async collect({ seq, step, time, values }: MetricsEntry, offset: number): Promise<void> {
    const entries = Object.entries(values);
    if (this.metrics.length + entries.length > BATCH) await this.flush();
    for (const [key, value] of entries) this.metrics.push({ key: mlflowKey(key), value, step, timestamp: time });
    this.metricsEnd = { seq, offset };
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
    try {
      await this.client.runs.logBatch(this.runId(), { metrics }, this.options);
    } catch (error) {
      await this.requireRefusal(error);
      if (metrics.length === 1) {
        return this.noteRefused(seq, `The metric ${metrics[0]!.key} of step ${metrics[0]!.step}`, error);
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
      await this.requireRefusal(error);
      const what = entry.type === 'artifact' ? `The file ${entry.path}` : `The ${entry.type} of the run`;
      this.noteRefused(entry.seq, what, error);
    }
  }

  /** Finds or creates the run, and says what it is. */
  private async start(entry: StartEntry): Promise<void> {
    const { client, options } = this;
    const { experimentId } = await client.experiments.ensure(entry.experiment, options);
    const parentRunId = entry.parent && (await this.parent(entry.parent, experimentId));
    const { id, name: runName, time: startTime } = entry;
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
    const params = entry.seq === 1 ? flatParams(entry.configuration) : {};
    await client.runs.logBatch(runId, { params, tags: tagsOf(entry, parentRunId) }, options);
    if (run.info.status !== 'RUNNING') await client.runs.update(runId, { status: 'RUNNING' }, options);
    const json = `${JSON.stringify(entry.environment, undefined, 2)}\n`;
    await client.artifacts.upload(artifactUri, 'environment.json', json, options);
    const yaml = toYaml(entry.configuration as unknown as ResolvedConfiguration);
    await client.artifacts.upload(artifactUri, 'config.yaml', yaml, options);
  }

  private async parent({ id, name }: NonNullable<StartEntry['parent']>, experimentId: string): Promise<string> {
    const { run } = await uniqueRun(this.client, id, { experimentId, runName: name }, this.options);
    return run.info.runId;
  }

  private async artifact({ seq, path, content }: ArtifactEntry): Promise<void> {
    const place = this.state.artifactUri ?? '';
    if (content !== undefined) return await this.client.artifacts.upload(place, path, content, this.options);
    const file = join(this.folder, ...path.split('/'));
    const found = await stat(file).catch(() => undefined);
    if (!found) return this.noteRefused(seq, `The file ${path}`, new Error('It is not in the folder any more.'));
    // A file that was written several times since the last delivery is sent once.
    const version = `${found.mtimeMs}:${found.size}`;
    if (this.uploaded.get(path) === version) return;
    await this.client.artifacts.uploadFile(place, path, file, this.options);
    this.uploaded.set(path, version);
  }

  private async end({ status, error, digests, time }: EndEntry): Promise<void> {
    const { client, options } = this;
    const runId = this.runId();
    const tags = {
      ...(error !== undefined && { 'promptweave.error': mlflowTag(error) }),
      ...(digests && { 'promptweave.checkpoint': digests.checkpoint, 'promptweave.dataset': digests.dataset }),
    };
    await client.runs.logBatch(runId, { tags }, options);
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

  /** Goes on only where the server refuses this very entry, so that sending it again is no use. */
  private async requireRefusal(error: unknown): Promise<void> {
    if (error instanceof MlflowProtocolError && error.request.includes(':/')) return; // artifacts in a cloud store
    const refused = error instanceof MlflowApiError && [400, 413].includes(error.status);
    if (!refused) throw error;
    const { runId } = this.state;
    if (!runId) throw error;
    const { info } = await this.client.runs.get(runId, this.options);
    if (info.lifecycleStage === 'active') return;
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

  private noteRefused(seq: number, what: string, error: unknown): void {
    const message = `${what} was refused: ${error instanceof Error ? error.message : String(error)}`;
    this.state = { ...this.state, refused: [...this.state.refused, { seq, message }] };
  }

  private async save(change: Partial<DeliveryState>): Promise<void> {
    this.state = { ...this.state, ...change };
    await saveState(this.folder, this.client.trackingUri, this.state);
  }
}
