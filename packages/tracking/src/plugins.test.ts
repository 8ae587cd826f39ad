import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@promptweave/core';
import { describeTracker } from '@promptweave/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeMlflow } from './fake-mlflow.test.support.js';
import { mlflow } from './plugins.js';
import { connect } from './connect.js';
import { passwordAddresses } from './recording.test.support.js';
import { startOf } from './recording.test.support.js';
import { syncJournal } from './sync-journal.js';

const server = new FakeMlflow();
beforeAll(async () => {
  await server.start();
});
afterAll(() => server.stop());
const state = mkdtempSync(join(tmpdir(), 'state-'));
afterAll(() => rmSync(state, { recursive: true }));
beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', state); // not the user's own list of servers
  vi.stubEnv('MLFLOW_TRACKING_URI', server.uri);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describeTracker(mlflow, {
  recorded: async (id) =>
    server
      .tagged('promptweave.run', id)
      .flatMap(({ metrics }) => metrics.map(({ key, step, value }) => ({ key, step, value: Number(value) }))),
});

describe('without a server', () => {
  beforeEach(() => {
    vi.stubEnv('MLFLOW_TRACKING_URI', 'http://127.0.0.1:9');
  });
  describeTracker(mlflow);
});

describe('the options', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'options-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Experiment that the journal of a run names. */
  const experimentOf = (options: Record<string, unknown>): unknown => {
    const tracker = mlflow.create({ folder }, mlflow.options.parse(options));
    tracker.record(startOf('a', { experiment: 'file' }));
    const lines = readFileSync(join(folder, 'journal.jsonl'), 'utf8').trim().split('\n');
    return (JSON.parse(lines.at(-1)!) as { experiment: unknown }).experiment;
  };

  it('name the experiment, then the environment, then the configuration file', () => {
    expect(experimentOf({})).toBe('file');
    vi.stubEnv('MLFLOW_EXPERIMENT_NAME', 'of the environment');
    expect(experimentOf({})).toBe('of the environment');
    expect(experimentOf({ experiment: 'chosen' })).toBe('chosen');
  });

  it('name the server, then the environment; without either it is a ConfigError', () => {
    vi.stubEnv('MLFLOW_TRACKING_URI', '');
    const make = (options: Record<string, unknown>) => () => mlflow.create({ folder }, mlflow.options.parse(options));
    expect(make({})).toThrow(ConfigError);
    expect(make({})).toThrow('MLFLOW_TRACKING_URI is not set');
    expect(make({ uri: server.uri })).not.toThrow();
    vi.stubEnv('MLFLOW_TRACKING_URI', 'databricks');
    expect(make({})).toThrow('is not the http(s) address');
  });

  it('may name no server where a cell of a sweep runs: it is recorded, and delivered later', async () => {
    vi.stubEnv('MLFLOW_TRACKING_URI', '');
    const tracker = mlflow.create({ folder, sweepFolder: 'the/sweep' }, mlflow.options.parse({}));
    tracker.record(startOf('elsewhere'));
    const [problem] = await tracker.close(AbortSignal.timeout(10_000));
    expect(problem).toContain('Its address is not known here. Deliver it later: promptweave track sync the/sweep');
    expect((await syncJournal(folder, connect(server.uri))).entries).toBe(1);
    expect(server.tagged('promptweave.run', 'elsewhere')).toHaveLength(1);
  });

  it('refuse what is no address, and one with a password in it', () => {
    const refused = (uri: string): boolean => !mlflow.options.safeParse({ uri }).success;
    expect(refused('mlruns')).toBe(true);
    expect(refused('ftp://host')).toBe(true);
    for (const uri of passwordAddresses) {
      const problem = mlflow.options.safeParse({ uri }).error;
      expect(problem?.message, uri).toBeTruthy();
      expect(problem!.message).not.toContain('secret');
    }
    expect(refused('https://host/prefix')).toBe(false);
  });
});
