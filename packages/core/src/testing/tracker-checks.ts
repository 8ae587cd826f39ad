import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent, RunStart, Tracker } from '../contracts/tracker.js';
import type { PartialConfiguration, TrackerPlugin } from '../plugin/define-plugin.js';
import { demand } from './conformance-error.js';
import { pluginChecks } from './plugin-checks.js';
import type { Checks, ParsedOptions } from './suite.js';

/** What the suite of a tracker needs. */
export interface TrackerSuite {
  /** Option sets as a user would write them; each is checked on its own. Default: the plugin's defaults. */
  readonly options?: readonly PartialConfiguration[];
  /** Every value that was recorded of a run, found by its identity. Where it is given, the suite checks that all are there once. */
  recorded?(id: string): Promise<readonly RecordedValue[]>;
}

/** A value as the tracker's place has it. */
export interface RecordedValue {
  /** As the tracker was told it, e.g. `train/loss`. */
  readonly key: string;
  /** As the tracker was told it. */
  readonly step: number;
  /** As the tracker was told it; NaN and the infinities included. */
  readonly value: number;
}

/** A tracker plugin with one set of options. */
export interface TrackerSubject {
  readonly plugin: TrackerPlugin;
  readonly suite: TrackerSuite;
  readonly options: ParsedOptions;
}

/** Milliseconds that `record` may take as a rule (a busy machine makes exceptions), and `close`, with and without a passed deadline. */
const AT_ONCE = 50;
const SOON = 2000;
const SECONDS = 15_000;

/** What every tracker does: it is a guest of the run. */
export const trackerChecks: Checks<TrackerSubject> = {
  ...pluginChecks,
  'records a whole run without delaying it, and leaves its files as they are': (subject) =>
    inFolder(async (folder) => {
      const before = await contents(folder);
      const tracker = make(subject, folder);
      const times = wholeRun('conformance-whole').map((event) => recordTo(tracker, event));
      await closed(tracker);
      const median = times.sort((a, b) => a - b)[times.length >> 1]!;
      demand(median < AT_ONCE, `record() takes ${median.toFixed(0)} ms.`);
      for (const [file, text] of before) {
        const after = await readFile(join(folder, file), 'utf8').catch(() => undefined);
        demand(after === text, `It changes or removes ${file} of the run's folder.`);
      }
    }),
  'takes any order of events, files that are not there, and any number': (subject) =>
    inFolder(async (folder) => {
      const tracker = make(subject, folder);
      recordTo(tracker, { type: 'metrics', step: 1, values: { early: 1 } });
      recordTo(tracker, startOf('conformance-odd'));
      recordTo(tracker, { type: 'artifact', path: 'not/there.txt' });
      recordTo(tracker, { type: 'metrics', step: 1, values: { nan: NaN, most: Infinity, least: -Infinity } });
      recordTo(tracker, { type: 'end', status: 'failed', error: 'a "reason"\nof two lines' });
      await closed(tracker);
      recordTo(tracker, { type: 'metrics', step: 2, values: { late: 1 } });
    }),
  'survives a listener that throws, and a deadline that has passed': (subject) =>
    inFolder(async (folder) => {
      const onProblem = (): void => {
        throw new Error('the listener');
      };
      const tracker = subject.plugin.create({ folder, onProblem }, subject.options);
      recordTo(tracker, { type: 'end', status: 'stopped' });
      recordTo(tracker, startOf('conformance-listener'));
      const begun = performance.now();
      await closed(tracker, AbortSignal.abort());
      const took = performance.now() - begun;
      demand(took < SOON, `close() takes ${took.toFixed(0)} ms after its deadline.`);
    }),
  'records every value once, those of a run that goes on included': (subject) =>
    inFolder(async (folder) => {
      const { recorded } = subject.suite;
      if (!recorded) return;
      const id = 'conformance-once';
      const first = make(subject, folder);
      for (const event of [startOf(id), stepOf(1), stepOf(2)]) recordTo(first, event);
      await closed(first);
      const second = make(subject, folder); // goes on after step 1, from where the run was saved
      const end: RunEvent = { type: 'end', status: 'finished' };
      for (const event of [startOf(id), stepOf(2), stepOf(3), end]) recordTo(second, event);
      await closed(second);
      const found = (await recorded(id)).filter(({ key }) => key === 'train/loss').sort((a, b) => a.step - b.step);
      const text = found.map(({ step, value }) => `${step}: ${value}`).join(', ');
      demand(text === '1: 1, 2: 0.5, 3: 0.25', `It has these values of train/loss: ${text || 'none'}.`);
    }),
};

/** A tracker of the subject. */
function make({ plugin, options }: TrackerSubject, folder: string): Tracker {
  return plugin.create({ folder }, options);
}

/** @returns the milliseconds that it took */
function recordTo(tracker: Tracker, event: RunEvent): number {
  const begun = performance.now();
  try {
    tracker.record(event);
  } catch (error) {
    demand(false, `record() throws at a ${event.type} event: ${String(error)}`);
  }
  return performance.now() - begun;
}

/** Closes a tracker. @throws ConformanceError where that rejects, hangs, or tells something else than sentences */
async function closed(tracker: Tracker, deadline?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<'too long'>((resolve) => {
    timer = setTimeout(() => resolve('too long'), SECONDS);
  });
  const closing = tracker.close(deadline).catch((error: unknown) => demand(false, `close() rejects: ${String(error)}`));
  const problems = await Promise.race([closing, tooLong]).finally(() => clearTimeout(timer));
  demand(problems !== 'too long', `close() takes more than ${SECONDS / 1000} s.`);
  demand(
    Array.isArray(problems) && problems.every((problem) => typeof problem === 'string'),
    'close() resolves with something else than a list of sentences.',
  );
}

async function inFolder(check: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    await mkdir(join(folder, 'plots'));
    for (const file of ['result.json', 'prompts.safetensors', 'plots/loss.svg'])
      await writeFile(join(folder, file), file);
    await check(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function contents(folder: string): Promise<[string, string][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Promise.all(
    paths.map(async (path): Promise<[string, string]> => [path.slice(folder.length + 1), await readFile(path, 'utf8')]),
  );
}

function startOf(id: string): RunStart {
  return {
    ...{ type: 'start', id, name: 'a run', experiment: 'conformance', parent: { id: 'conformance', name: 'a sweep' } },
    configuration: { prompt: { use: 'none' }, losses: [{ use: 'cross-entropy', weight: 1 }], seed: 1 },
    environment: { versions: { node: process.versions.node }, backend: 'cpu', platform: process.platform },
    tags: { purpose: 'conformance' },
  };
}

function stepOf(step: number): RunEvent {
  return { type: 'metrics', step, values: { 'train/loss': 2 ** (1 - step) } };
}

function wholeRun(id: string): RunEvent[] {
  const digests = { checkpoint: 'c'.repeat(64), dataset: 'd'.repeat(64) };
  return [
    startOf(id),
    ...Array.from({ length: 20 }, (_, i) => stepOf(i + 1)),
    ...['result.json', 'prompts.safetensors', 'plots/loss.svg'].map((path): RunEvent => ({ type: 'artifact', path })),
    { type: 'artifact', path: 'confusion/test.csv', content: 'a,b\n' },
    { type: 'end', status: 'finished', digests },
  ];
}
