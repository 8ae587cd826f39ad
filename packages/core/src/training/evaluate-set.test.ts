import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { Dataset } from '../contracts/dataset.js';
import type { DataPipeline } from '../contracts/pipeline.js';
import { ConfigError } from '../errors.js';
import { seededNormal } from '../model/maths.js';
import { evaluateSet } from './evaluate-set.js';
import { classNames, tinyClassifier, tinyDataset, tinyPipeline } from './tiny.test.support.js';

const dataset = tinyDataset(5);
/** The tiny pipeline paints by label; here an image stays the same whatever its class is called. */
const original = new Map(dataset.test.map((item) => [item.id, item]));
const pipeline: DataPipeline = {
  ...tinyPipeline,
  async *batches(request) {
    const items = request.items.map(({ id }) => original.get(id)!);
    let start = 0;
    for await (const batch of tinyPipeline.batches({ ...request, items })) {
      const own = request.items.slice(start, (start += batch.items.length));
      yield { ...batch, items: own, labels: Int32Array.from(own, ({ label }) => label) };
    }
  },
};
const options = { pipeline };

/** A classifier with context of its own for each of the three classes. */
function bySingleClasses() {
  const own = tf.tidy(() => tf.variable(seededNormal([3, 2, 6], 0.8, 5, 'own')));
  return tinyClassifier({
    novelClasses: 'trained only',
    learner: {
      variables: { ctx: own },
      prompts: () => ({
        text: { vectors: tf.clone(own) as unknown as tf.Tensor3D, scope: 'class', namePosition: 'end', deep: [] },
      }),
      dispose: () => own.dispose(),
    },
  });
}

/** The same images with the classes in another order, or with some of them. */
function withClasses(names: readonly string[]): Dataset {
  const test = dataset.test.flatMap((item) => {
    const label = names.indexOf(classNames[item.label]!);
    return label < 0 ? [] : [{ ...item, label }];
  });
  return { ...dataset, name: 'another', classNames: names, test };
}

it('finds context of single classes by name: in another order, the same is said of every image', async () => {
  const classifier = bySingleClasses();
  const expected = await evaluateSet(classifier, { name: 'test', dataset, split: 'test' }, options);
  const before = tf.memory().numTensors;
  const turned = withClasses([classNames[2], classNames[0], classNames[1]]);
  const found = await evaluateSet(classifier, { name: 'test', dataset: turned, split: 'test' }, options);
  expect(tf.memory().numTensors).toBe(before);
  expect(found.loss).toBeCloseTo(expected.loss, 5);
  const of = ({ classes }: typeof found): unknown =>
    Object.fromEntries(classes.map(({ name, correct }) => [name, correct]));
  expect(of(found)).toEqual(of(expected));
  expect(expected.accuracy).toBeLessThan(1); // what is recognised depends on the context
  const some = await evaluateSet(
    classifier,
    { name: 'test', dataset: withClasses([classNames[1], classNames[0]]), split: 'test' },
    options,
  );
  expect(some.images).toBe(10);
});

it('names the classes that prompts of single classes never saw', async () => {
  const others = withClasses(['zebra', classNames[0]]);
  const evaluation = evaluateSet(bySingleClasses(), { name: 'test', dataset: others, split: 'test' }, options);
  await expect(evaluation).rejects.toThrow(ConfigError);
  await expect(evaluation).rejects.toThrow('"another" has others: "zebra".');
});
