import type { Dataset, ImageItem } from '../contracts/dataset.js';
import type { Evaluation, EvaluationSet } from '../contracts/evaluation.js';
import { figureOf } from '../figures.js';
import type { PartialConfiguration, ProtocolPlugin } from '../plugin/define-plugin.js';
import { Metrics } from '../training/metrics.js';
import { demand } from './conformance-error.js';
import { pluginChecks } from './plugin-checks.js';
import type { Checks, ParsedOptions } from './suite.js';

/** What the suite of a protocol needs. */
export interface ProtocolSuite {
  /** Option sets as a user would write them; each is checked on its own. Default: the plugin's defaults. */
  readonly options?: readonly PartialConfiguration[];
}

/** A protocol plugin with one set of options. */
export interface ProtocolSubject {
  readonly plugin: ProtocolPlugin;
  readonly suite: ProtocolSuite;
  readonly options: ParsedOptions;
}

/** What every protocol must do. */
export const protocolChecks: Checks<ProtocolSubject> = {
  ...pluginChecks,
  'tests on sets of different names, of splits that have images': async (subject) => {
    const sets = await setsOf(subject);
    demand(sets.length > 0, 'It tests on nothing.');
    const names = sets.map(({ name }) => name);
    demand(new Set(names).size === names.length, `Two of its sets have one name: ${names.join(', ')}.`);
    for (const { name, dataset, split } of sets) {
      demand(dataset[split].length > 0, `Its set ${name} has no ${split} images.`);
    }
  },
  'never tests on images that were trained on': async (subject) => {
    for (const { name, split } of await setsOf(subject)) {
      demand(split !== 'train', `Its set ${name} is made of training images.`);
    }
  },
  'makes finite figures of the results, whichever they are': async ({ plugin, suite, options }) => {
    for (const accuracy of [0, 0.5, 1]) {
      const results: Record<string, Evaluation> = {};
      for (const { name, dataset } of await setsOf({ plugin, suite, options })) {
        for (const named of plugin.thenTrainsOn ? [`before/${name}`, `after/${name}`] : [name]) {
          results[named] = resultOf(dataset, accuracy);
        }
      }
      const costs = { parameters: 10, stepSeconds: 0.1, peakBytes: 2 ** 30, imagesPerSecond: 5 };
      const summary = plugin.summary(results, costs);
      demand(Object.keys(summary).length > 0, 'It makes no figure.');
      for (const [figure, entry] of Object.entries(summary)) {
        const { value } = figureOf(entry);
        demand(Number.isFinite(value), `Its figure "${figure}" is ${value} where all accuracies are ${accuracy}.`);
      }
    }
  },
};

function setsOf({ plugin, options }: ProtocolSubject): Promise<readonly EvaluationSet[]> {
  const half = { all: classNames, base: classNames.slice(0, 3), novel: classNames.slice(3) };
  const own = datasetOf('trained', half[plugin.trainsOn]);
  return plugin.evaluations(
    {
      dataset: own,
      classes: async (which) => datasetOf('trained', half[which]),
      whole: async () => datasetOf('trained', classNames),
      load: async (choice) => datasetOf(typeof choice === 'string' ? choice : choice.use, classNames),
    },
    options,
  );
}

const classNames = ['ant', 'bee', 'cat', 'dog', 'eel', 'fox'];

function datasetOf(name: string, names: readonly string[]): Dataset {
  const split = (of: string): ImageItem[] =>
    names.flatMap((className, label) =>
      ['photo', 'sketch'].map((domain) => ({
        ...{ id: `${of}/${className}/${domain}`, label, domain },
        load: () => Promise.resolve(Buffer.from(className)),
      })),
    );
  return {
    ...{
      name,
      classNames: names,
      template: 'a photo of a {}.',
      imagePolicy: 'custom',
      digest: `${name} ${names.length}`,
    },
    ...{ train: split('train'), val: split('val'), test: split('test') },
  };
}

/** A result with so many of the images right. */
function resultOf({ classNames: names, test }: Dataset, accuracy: number): Evaluation {
  const metrics = new Metrics(names);
  const correct = Math.round(accuracy * test.length);
  test.forEach(({ label }, i) => {
    const said = i < correct ? label : (label + 1) % names.length;
    metrics.add(
      names.map((_, c) => (c === said ? 1 : 0)),
      [label],
    );
  });
  return metrics.result();
}
