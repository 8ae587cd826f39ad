import { Artifacts } from './artifacts/artifacts.js';
import { Experiments } from './experiments.js';
import { Connection } from './http/connection.js';
import { MetricBuffer, type MetricBufferOptions } from './metric-buffer.js';
import { Models } from './models.js';
import { Runs } from './runs.js';
import { settingsFromEnvironment, type MlflowSettings } from './settings.js';

/**
 * Client of one MLflow tracking server (2 or 3).
 *
 * @example
 * const client = new MlflowClient({ trackingUri: 'http://127.0.0.1:5000' });
 * const { experimentId } = await client.experiments.ensure('flowers');
 * const { info } = await client.runs.create({ experimentId, runName: 'first' });
 * await client.runs.logBatch(info.runId, { params: { depth: '9' }, metrics: [{ key: 'loss', value: 0.5, step: 1, timestamp: Date.now() }] });
 * await client.runs.end(info.runId);
 */
export class MlflowClient {
  /** What runs are grouped by. */
  readonly experiments: Experiments;
  /** Runs, with their metrics, params and tags. */
  readonly runs: Runs;
  /** Files of runs and models. */
  readonly artifacts: Artifacts;
  /** The model registry. */
  readonly models: Models;
  private readonly connection: Connection;

  /** @param settings by default those of MLflow's environment variables */
  constructor(settings: MlflowSettings = settingsFromEnvironment()) {
    this.connection = new Connection(settings);
    this.experiments = new Experiments(this.connection);
    this.runs = new Runs(this.connection);
    this.artifacts = new Artifacts(this.connection);
    this.models = new Models(this.connection);
  }

  /** The server's address, without credentials. */
  get trackingUri(): string {
    return this.connection.address;
  }

  /** Collects a run's metrics and sends them in the background. */
  bufferMetrics(runId: string, options?: MetricBufferOptions): MetricBuffer {
    return new MetricBuffer(this.runs, runId, options);
  }

  /** Closes the connections that are kept open; the client can still be used. */
  close(): void {
    this.connection.close();
  }
}
