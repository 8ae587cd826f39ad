import { ConfigError } from '@promptweave/core';
import { suggestion } from '@promptweave/core/experiment';
import type { BenchmarkConfiguration } from './benchmark-configuration.js';

/** Settings for the embedded CLIP, which has 6 blocks, chosen on validation images; the papers' presets are for 12. */
const prompts: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  clip: { prompt: { use: 'none' } },
  coop: { prompt: { use: 'coop' }, 'train.learningRate': 0.02 },
  maple: { prompt: { use: 'maple', depth: 3 }, 'train.learningRate': 0.005, 'train.epochs': 5 },
  comma: { prompt: { use: 'comma', depth: 3 }, 'train.learningRate': 0.005, 'train.epochs': 5 },
};

/** The methods of the suite that run where none are named. */
export const emojiMethods: readonly string[] = [
  'clip',
  'coop',
  'maple',
  'comma',
  'clip+lamm',
  'maple+lamm',
  'comma+lamm',
];

/** What the suite is run with. */
export interface EmojiSuiteRequest {
  /** `clip`, `coop`, `maple` or `comma`, with labels added by +. */
  readonly methods: readonly string[];
  readonly seeds: readonly number[];
  /** Of the few-shot protocol; the others take the largest. */
  readonly shots: readonly number[];
  /** For few-shot, base-to-novel and incremental. */
  readonly datasets?: readonly string[];
  /** Where cross-dataset and domain generalisation are trained. */
  readonly source?: string;
  /** Where cross-dataset is tested. */
  readonly targets?: readonly string[];
}

/**
 * The papers' protocols on the emoji with the embedded CLIP: the data sets of cross-dataset are the groups of emoji, the domains are the drawing
 * styles of artists whom neither the CLIP nor the training has seen.
 * @throws ConfigError for a method that the suite has no settings for
 */
export function emojiSuite(request: EmojiSuiteRequest): Readonly<Record<string, BenchmarkConfiguration>> {
  const { methods, seeds, shots } = request;
  const { datasets = ['emoji-groups', 'emoji-plants', 'emoji-weather'], source = 'emoji-animals' } = request;
  const {
    targets = ['plants', 'food', 'transport', 'places', 'weather', 'activities'].map((name) => `emoji-${name}`),
  } = request;
  const most = Math.max(...shots);
  const configuration = (
    protocol: BenchmarkConfiguration['protocol'],
    names: readonly string[],
    counts: readonly number[],
  ): BenchmarkConfiguration => ({
    backbone: { use: 'clip', checkpoint: 'icons' },
    train: { epochs: 10, batch: 32, learningRate: 0.002, augment: false }, // without crops, features are computed once
    protocol,
    grid: {
      list: methods.map(entry),
      dataset: names.map((use) => ({ use, size: 48 })),
      'dataset.shots': counts,
      seed: seeds,
      // What learns nothing has nothing random.
      except: [{ 'prompt.use': 'none', 'labels.use': 'frozen', seed: seeds.slice(1) }],
    },
  });
  return {
    'few-shot': configuration('few-shot', datasets.slice(0, 1), shots),
    'base-to-novel': configuration('base-to-novel', datasets, [most]),
    'cross-dataset': configuration({ use: 'cross-dataset', targets }, [source], [most]),
    'domain-generalisation': configuration({ use: 'domain-generalisation', targets: 'domains' }, [source], [most]),
    incremental: configuration('incremental', datasets.slice(0, 1), [most]),
  };
}

function entry(name: string): Readonly<Record<string, unknown>> {
  const [method = '', labels = 'frozen'] = name.split('+');
  const settings = prompts[method];
  if (settings) return { name, ...settings, labels: { use: labels } };
  const message = `The suite has no settings for the method "${method}".`;
  throw new ConfigError(message + suggestion(method, Object.keys(prompts), 'There are'), { where: '--methods' });
}
