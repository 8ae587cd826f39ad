import { ConfigError } from '@promptweave/core';
import { suggestion, type Registry, type ResolvedPart } from '@promptweave/core/experiment';
import type { BenchmarkConfiguration } from './benchmark-configuration.js';
import { emojiSettings } from './emoji-settings.js';
import { lossesWith, partsOfName, untrainedTwice, type MethodEntry } from './methods.js';

/** Those that run where none are named. */
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
  /** `clip`, `coop`, `promptsrc`, `taskres`, …, with labels added by +. */
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

/** One protocol of the suite. */
export interface EmojiBenchmark {
  /** Undefined where no method is left. */
  readonly configuration?: BenchmarkConfiguration;
  /** Methods that this protocol cannot have, since their head knows the trained classes alone. */
  readonly leftOut: readonly string[];
}

/** All that the suite has settings for. */
export const everyEmojiMethod: readonly string[] = Object.keys(emojiSettings);

/**
 * The papers' protocols on the emoji with the embedded CLIP: the data sets of cross-dataset are the groups of emoji, the domains are the drawing
 * styles of artists whom neither the CLIP nor the training has seen.
 * @throws ConfigError for a method that the suite has no settings for
 */
export function emojiSuite(request: EmojiSuiteRequest, registry: Registry): Readonly<Record<string, EmojiBenchmark>> {
  const { methods, seeds, shots } = request;
  const { datasets = ['emoji-groups', 'emoji-plants', 'emoji-weather'], source = 'emoji-animals' } = request;
  const {
    targets = ['plants', 'food', 'transport', 'places', 'weather', 'activities'].map((name) => `emoji-${name}`),
  } = request;
  const most = Math.max(...shots);
  const list = methods.map((name) => entry(name, registry));
  const benchmark = (
    protocol: BenchmarkConfiguration['protocol'],
    names: readonly string[],
    counts: readonly number[],
  ): EmojiBenchmark => {
    const use = typeof protocol === 'string' ? protocol : protocol.use;
    const possible = list.filter((settings) => canHave(use, settings, registry));
    const leftOut = list.filter((settings) => !possible.includes(settings)).map(({ name }) => name);
    if (possible.length === 0) return { leftOut };
    return { configuration: configuration(protocol, names, counts, possible), leftOut };
  };
  const configuration = (
    protocol: BenchmarkConfiguration['protocol'],
    names: readonly string[],
    counts: readonly number[],
    possible: readonly MethodEntry[],
  ): BenchmarkConfiguration => ({
    backbone: { use: 'clip', checkpoint: 'icons' },
    train: { epochs: 10, batch: 32, learningRate: 0.002, augment: false }, // without crops, features are computed once
    protocol,
    grid: {
      list: possible,
      dataset: names.map((use) => ({ use, size: 48 })),
      'dataset.shots': counts,
      seed: seeds,
      except: [untrainedTwice(seeds)],
    },
  });
  return {
    'few-shot': benchmark('few-shot', datasets.slice(0, 1), shots),
    'base-to-novel': benchmark('base-to-novel', datasets, [most]),
    'cross-dataset': benchmark({ use: 'cross-dataset', targets }, [source], [most]),
    'domain-generalisation': benchmark({ use: 'domain-generalisation', targets: 'domains' }, [source], [most]),
    incremental: benchmark('incremental', datasets.slice(0, 1), [most]),
  };
}

function entry(name: string, registry: Registry): MethodEntry {
  const { method, labels = 'frozen' } = partsOfName(name);
  const settings = emojiSettings[name] ?? emojiSettings[method];
  if (settings) {
    const losses = lossesWith(settings['losses'], labels, registry);
    return { name, ...settings, ...(losses && { losses }), labels: { use: labels } };
  }
  const message = `The suite has no settings for the method "${method}".`;
  throw new ConfigError(message + suggestion(method, everyEmojiMethod, 'There are'), { where: '--methods' });
}

/** Whether a protocol can have a method: not where it comes to other classes than those of the head. */
function canHave(protocol: string, settings: MethodEntry, registry: Registry): boolean {
  const { use, ...options } = (settings['head'] ?? { use: 'cosine' }) as ResolvedPart;
  const head = registry.get('head', use);
  const { novelClasses, ofClasses } = head.properties(head.options.parse(options));
  const { testsNovelClasses, thenTrainsOn } = registry.get('protocol', protocol);
  return !(testsNovelClasses && novelClasses === 'trained only') && !(thenTrainsOn && ofClasses);
}
