import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  DatasetError,
  type DataPipeline,
  type Dataset,
  type Evaluation,
  type ImageItem,
  type RunCosts,
} from '@promptweave/core';
import {
  fewShot,
  figureOf,
  readPredictions,
  runFiles,
  stageFolders,
  type RunResult,
  type StepEvent,
} from '@promptweave/core/experiment';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tinyEnvironment, tinyResolve } from '../tiny.test.support.js';
import { CostMeter } from './cost-meter.js';
import { shownText, smallerIsBetter } from './figure-unit.js';
import { harmonicMean, mean, standardDeviation } from './means.js';
import { baseToNovel, crossDataset, domainGeneralisation, efficiency, incremental } from './plugins.js';
import { runProtocol } from './run-protocol.js';

function scored(accuracy: number): Evaluation {
  return {
    ...{ accuracy, macroF1: accuracy / 2, images: 10, topK: {}, loss: 0 },
    ...{ expectedCalibrationError: 0, classes: [], confusion: [] },
  };
}

const costs: RunCosts = { parameters: 512, stepSeconds: 0.25, peakBytes: 3 * 2 ** 20, imagesPerSecond: 40 };

describe('means', () => {
  it('are those of the papers', () => {
    expect(harmonicMean(82.28, 75.14)).toBeCloseTo(78.55, 2); // MaPLe
    expect(harmonicMean(69.34, 74.22)).toBeCloseTo(71.7, 2); // CLIP
    expect(harmonicMean(0, 0)).toBe(0);
    expect(mean([1, 2, 6])).toBe(3);
    expect(standardDeviation([2, 4, 6])).toBe(2);
    expect(standardDeviation([5])).toBe(0);
  });
});

describe('summaries', () => {
  it('say what the protocols’ tables say', () => {
    expect(fewShot.summary({ test: scored(0.5) }, costs)).toEqual({ accuracy: 0.5, macroF1: 0.25 });
    expect(fewShot.summary({ val: scored(0.5) }, costs)).toEqual({ accuracy: 0.5, macroF1: 0.25 });
    expect(baseToNovel.summary({ base: scored(0.6), novel: scored(0.3) }, costs)).toEqual({
      ...{ base: 0.6, novel: 0.3, HM: { value: 0.4, leads: true } },
    });
    const targets = { source: scored(0.9), a: scored(0.5), b: scored(0.7) };
    expect(crossDataset.summary(targets, costs)).toEqual({
      ...{ source: 0.9, a: 0.5, b: 0.7, average: { value: 0.6, leads: true } },
    });
    const trainedTwice = {
      ...{ 'before/base': scored(0.75), 'before/novel': scored(0.25), 'before/all': scored(0.5) },
      ...{ 'after/base': scored(0.5), 'after/novel': scored(0.625), 'after/all': scored(0.5) },
    };
    const summary = incremental.summary(trainedTwice, costs);
    expect(summary).toEqual({
      ...{ baseBefore: 0.75, baseAfter: 0.5, forgetting: { value: 0.25, better: 'less' }, novel: 0.625 },
      all: { value: 0.5, leads: true },
    });
    expect(efficiency.summary({ test: scored(0.5) }, costs)).toEqual({
      accuracy: 0.5,
      learned: { value: 512, unit: 'numbers', better: 'less' },
      step: { value: 250, unit: 'ms', better: 'less' },
      'peak memory': { value: 3, unit: 'MiB', better: 'less' },
      evaluation: { value: 40, unit: 'images/s' },
    });
    const untrained = { ...costs, parameters: 0, stepSeconds: undefined };
    expect(efficiency.summary({ test: scored(0.5) }, untrained)).not.toHaveProperty('step');
  });

  it('show fractions as percent and everything else in its own unit', () => {
    expect(shownText({}, 0.71234, 2)).toBe('71.23');
    expect(shownText({ unit: 'ms' }, 1234.4, 2)).toBe('1234');
    expect(shownText({ unit: 'ms' }, 12.345, 2)).toBe('12.3');
    expect([{}, { unit: 'images/s' }, { better: 'less' as const }].map(smallerIsBetter)).toEqual([false, false, true]);
  });

  const item = (id: string, domain?: string): ImageItem => ({ id, label: 0, domain, load: () => Promise.reject() });
  const drawn = (train: ImageItem[], test: ImageItem[], kept = train) => {
    const dataset = { name: 'art', classNames: ['x'], train: kept, val: [], test } as unknown as Dataset;
    const none = (): Promise<never> => Promise.reject(new Error('nothing else is loaded'));
    const context = { dataset, classes: none, whole: () => Promise.resolve({ ...dataset, train }), load: none };
    return domainGeneralisation.evaluations(context, { targets: 'domains' });
  };

  it('tells domains apart, those that are trained from the others', async () => {
    const test = [item('1', 'ink'), item('2', 'oil'), item('3', 'ink'), item('4', 'pen'), item('5')];
    const trained = [item('6', 'pen'), item('7', 'chalk')];
    const found = async (...given: Parameters<typeof drawn>) =>
      (await drawn(...given)).map(({ name, dataset }) => [name, dataset.test.map(({ id }) => id)]);
    expect(await found(trained, test)).toEqual([
      ['source', ['4', '5']],
      ['ink', ['1', '3']],
      ['oil', ['2']],
    ]);
    expect(await found(trained, test, [item('7', 'chalk')])).toEqual(await found(trained, test)); // another seed's images
    expect(await found([item('6', 'pen')], test.slice(0, 3))).toEqual([
      ['ink', ['1', '3']],
      ['oil', ['2']],
    ]);
    const sets = { ink: scored(0.5), oil: scored(0.7) };
    expect(domainGeneralisation.summary(sets, costs)).toEqual({
      ...{ ink: 0.5, oil: 0.7, average: { value: 0.6, leads: true } },
    });
  });

  it('refuses domains where all are trained, and targets that are called as another figure', async () => {
    await expect(drawn([item('6', 'pen')], [item('1', 'pen'), item('2')])).rejects.toThrow(DatasetError);
    await expect(drawn([], [item('1', 'average')])).rejects.toThrow('A target is called "average"');
    const load = (): Promise<never> => Promise.reject(new Error('it was loaded'));
    const context = { dataset: {} as Dataset, classes: load, whole: load, load };
    const targets = [{ use: 'folder', path: '/a/source' }];
    await expect(crossDataset.evaluations(context, { targets })).rejects.toThrow('A target is called "source"');
  });
});

describe('the costs of a run', () => {
  it('are timed by its events, without the first step', () => {
    const clock = vi.spyOn(performance, 'now');
    const heard: string[] = [];
    const at = (milliseconds: number): void => void clock.mockReturnValue(milliseconds);
    at(0);
    const meter = new CostMeter();
    const listen = meter.watching(({ type }) => heard.push(type));
    const step = { type: 'step' } as StepEvent;
    const result = { parameters: 7, evaluations: { a: scored(1), b: scored(0) }, evaluationSeconds: 4 };
    expect(meter.costs(result as unknown as RunResult).stepSeconds).toBeUndefined();
    at(9000);
    listen(step); // makes kernels ready
    expect(meter.costs(result as unknown as RunResult).stepSeconds).toBe(9);
    at(9100);
    listen(step);
    at(9400);
    listen(step);
    at(20_000);
    listen({ type: 'checkpoint', path: 'x', step: 3 }); // is no step
    at(20_200);
    listen(step);
    clock.mockRestore();
    const { stepSeconds, imagesPerSecond, parameters, peakBytes } = meter.costs(result as unknown as RunResult);
    expect([stepSeconds, imagesPerSecond, parameters]).toEqual([0.2, 5, 7]); // of 0.1, 0.3 and 0.2; 20 images in 4 seconds
    expect(peakBytes).toBeGreaterThan(process.memoryUsage().rss / 2);
    expect(heard).toEqual(['step', 'step', 'step', 'checkpoint', 'step']);
  });
});

describe('runProtocol', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'protocols-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = async (name: string, configuration: Parameters<typeof tinyResolve>[0]) => {
    const environment = tinyEnvironment();
    const resolved = tinyResolve(configuration);
    const outcome = await runProtocol({
      configuration: resolved,
      environment,
      folder: join(folder, name),
      configurationFolder: '.',
    });
    await environment.close();
    return outcome!;
  };

  it('tests base and novel classes each among themselves', async () => {
    const { result, summary } = await run('base', { protocol: 'base-to-novel' });
    const { base, novel } = result.evaluations;
    expect(base!.classes.map(({ name }) => name)).toEqual(['ant', 'bee']);
    expect(novel!.classes.map(({ name }) => name)).toEqual(['cat', 'dog']);
    expect(novel!.images).toBe(8);
    expect(figureOf(summary['HM']!).value).toBeCloseTo(harmonicMean(base!.accuracy, novel!.accuracy), 12);
  });

  it('takes options of other data sets from the source', async () => {
    const targets = ['tiny', { use: 'tiny', noise: 0 }];
    const { result } = await run('cross', {
      dataset: { use: 'tiny', noise: 9 },
      protocol: { use: 'cross-dataset', targets },
    });
    expect(Object.keys(result.evaluations)).toEqual(['source', 'tiny', 'tiny-2']);
    expect(result.evaluations['tiny']!.confusion).toEqual(result.evaluations['source']!.confusion);
    expect(result.evaluations['tiny-2']!.loss).not.toBe(result.evaluations['source']!.loss);
  });

  it('measures what a run takes, on features that nobody has computed before', async () => {
    const environment = tinyEnvironment();
    const asked = new Error('the shared features were asked for');
    const texts = (): never => {
      throw asked;
    };
    const features = { of: () => Promise.reject(asked), texts };
    const outcome = await runProtocol({
      configuration: tinyResolve({ prompt: 'context', protocol: 'efficiency' }),
      environment: { ...environment, features },
      folder: join(folder, 'efficiency'),
      configurationFolder: '.',
    });
    await environment.close();
    const { accuracy, ...figures } = outcome!.summary;
    expect(accuracy).toBe(outcome!.result.evaluations['test']!.accuracy);
    expect(figures['learned']).toMatchObject({ value: 2 * 6 }); // two rows of width 6
    expect(Object.keys(figures)).toHaveLength(4);
    for (const figure of Object.values(figures)) expect(figureOf(figure).value).toBeGreaterThan(0);
  });

  it('learns new labels without touching the old ones', async () => {
    const before = tf.memory().numTensors;
    const { result, summary } = await run('incremental', { labels: 'trained', protocol: 'incremental' });
    // The prompt is frozen, so that the base classes among themselves see nothing but their own labels.
    const [first, second] = ['before/base', 'after/base'].map((name) => result.evaluations[name]!);
    expect(second!.loss).toBe(first!.loss);
    expect(figureOf(summary['forgetting']!).value).toBe(0);
    expect(result.evaluations['after/novel']!.loss).toBeLessThan(result.evaluations['before/novel']!.loss);
    expect(result.evaluations['after/all']!.loss).not.toBe(result.evaluations['before/all']!.loss);
    const predictions = readPredictions(join(folder, 'incremental'))!;
    expect(Object.keys(predictions).sort()).toEqual(Object.keys(result.evaluations).sort());
    const { labels, predicted } = predictions['after/all']!;
    const correct = labels.filter((label, i) => label === predicted[i]).length;
    expect(correct / labels.length).toBe(result.evaluations['after/all']!.accuracy);
    expect(result.parameters).toBe(4 * 6); // one row of width 6 for each class
    expect(tf.memory().numTensors).toBe(before);
  });

  it('tests a few-shot training on validation images where settings are to be chosen', async () => {
    const { result } = await run('few-shot-val', { prompt: 'context', protocol: { use: 'few-shot', split: 'val' } });
    expect(Object.keys(result.evaluations)).toEqual(['val']);
    expect(readPredictions(join(folder, 'few-shot-val'))!['val']!.labels).toHaveLength(16);
    const tested = await run('few-shot-test', { prompt: 'context', protocol: 'few-shot' });
    expect(tested.result.evaluations['test']!.loss).not.toBe(result.evaluations['val']!.loss);
  });

  it('says which images were skipped, in the result and in the log', async () => {
    const environment = tinyEnvironment();
    const { pipeline } = environment;
    // The first image of each class cannot be read.
    const isBroken = ({ id }: ImageItem): boolean => id.split('/')[2] === '0';
    const blurred: DataPipeline = {
      ...pipeline,
      batches: (request) => {
        for (const item of request.items.filter(isBroken)) request.onSkip?.(item, new DatasetError('It is torn.'));
        return pipeline.batches({ ...request, items: request.items.filter((item) => !isBroken(item)) });
      },
    };
    const skippedIn = async (protocol: string): Promise<RunResult['skipped']> => {
      const path = join(folder, `skips-${protocol}`);
      const outcome = await runProtocol({
        configuration: tinyResolve({ prompt: 'context', protocol, train: { onBadImage: 'skip', epochs: 2, batch: 4 } }),
        environment: { ...environment, pipeline: blurred },
        folder: path,
        configurationFolder: '.',
      });
      const written = JSON.parse(readFileSync(join(path, runFiles.result), 'utf8')) as RunResult;
      expect(written.skipped).toEqual(outcome!.result.skipped);
      return written.skipped;
    };
    const first = (split: string, names: string[]): string[] => names.map((name) => `${split}/${name}/0/1/false`);
    const [base, novel] = [
      ['ant', 'bee'],
      ['cat', 'dog'],
    ];
    const all = [...base, ...novel];
    expect(await skippedIn('few-shot')).toEqual({ train: first('train', all), test: first('test', all) });
    const log = readFileSync(join(folder, 'skips-few-shot', runFiles.log), 'utf8');
    expect(log.match(/Skipped train\/ant\/0\/1\/false \(train\): It is torn\./g)).toHaveLength(1);
    const tests = { base: first('test', base), novel: first('test', novel), all: first('test', all) };
    expect(await skippedIn('incremental')).toEqual({
      train: first('train', all),
      ...Object.fromEntries(Object.entries(tests).map(([name, ids]) => [`before/${name}`, ids])),
      ...Object.fromEntries(Object.entries(tests).map(([name, ids]) => [`after/${name}`, ids])),
    });
    await environment.close();
    expect((await run('no-skips', { protocol: 'few-shot' })).result).not.toHaveProperty('skipped');
  });

  it('counts the time of the evaluations after both trainings', async () => {
    const { result } = await run('timed', { labels: 'trained', protocol: 'incremental' });
    const first = readFileSync(join(folder, 'timed', stageFolders.first, runFiles.result), 'utf8');
    expect(result.evaluationSeconds).toBeGreaterThan((JSON.parse(first) as RunResult).evaluationSeconds);
  });

  it('forgets where the prompt goes on being trained', async () => {
    const { result } = await run('forgetting', { prompt: 'context', protocol: 'incremental' });
    expect(result.evaluations['after/base']!.loss).not.toBe(result.evaluations['before/base']!.loss);
  });
});
