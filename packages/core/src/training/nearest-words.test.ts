import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { LabelAligner } from '../contracts/parts.js';
import { nearestWords } from './nearest-words.js';
import { tinyBackbone, tinyClassifier } from './tiny.test.support.js';

/** One token for each class, of which the second is moved towards token 9 by a quarter of the way and a bit. */
function movedLabels(backbone: ReturnType<typeof tinyBackbone>): LabelAligner {
  const embed = (ids: number[]): tf.Tensor2D => tf.tidy(() => backbone.embedTokens(ids));
  const labels = () => ({
    names: tf.tidy(
      () => tf.add(tf.mul(embed([4, 5]), [[1], [0.25]]), tf.mul(embed([4, 9]), [[0], [0.75]])) as tf.Tensor2D,
    ),
    lengths: [1, 1],
  });
  return {
    ...{
      variables: {},
      classNames: ['ant', 'bee'],
      labels,
      anchors: () => ({ names: embed([4, 5]), lengths: [1, 1] }),
    },
    withClasses: () => movedLabels(backbone),
    dispose: () => undefined,
  };
}

it('finds the token that a context vector is, and the word that a label went to', () => {
  const backbone = tinyBackbone();
  const context = tf.tidy(() => tf.variable(backbone.embedTokens([7, 12])));
  const classifier = tinyClassifier({
    ...{ backbone, aligner: movedLabels(backbone), trainsLabels: true },
    learner: {
      variables: { ctx: context },
      prompts: () => ({
        text: { vectors: tf.clone(context) as tf.Tensor2D, scope: 'shared', namePosition: 'end', deep: [] },
      }),
    },
  });
  const before = tf.memory().numTensors;
  const { context: words, labels } = nearestWords(classifier)!;
  expect(tf.memory().numTensors).toBe(before);
  expect(words.map(({ position, words: [nearest] }) => [position, nearest!.word])).toEqual([
    [0, '7'],
    [1, '12'],
  ]);
  expect(words[0]!.words[0]!.distance).toBeLessThan(0.01);
  const distances = words[0]!.words.map(({ distance }) => distance);
  expect(distances).toEqual([...distances].sort((a, b) => a - b));
  expect(labels).toHaveLength(1); // the first one is where it was
  expect(labels[0]).toMatchObject({ class: 'bee', position: 0, from: { word: '5' } });
  const [[five, nine]] = [tf.tidy(() => backbone.embedTokens([5, 9]).arraySync())];
  const way = Math.hypot(...five!.map((value, i) => value - nine![i]!));
  expect(labels[0]!.from!.distance).toBeCloseTo(0.75 * way, 2);
  expect(labels[0]!.words[0]!.word).toBe('9');
  expect(labels[0]!.words[0]!.distance).toBeCloseTo(0.25 * way, 2);
});

it('names no word for vectors that are no numbers', () => {
  const vectors = tf.fill([1, tinyBackbone().shape.text.width], NaN) as tf.Tensor2D;
  const prompts = () => ({
    text: { vectors: tf.clone(vectors), scope: 'shared', namePosition: 'end', deep: [] } as const,
  });
  const classifier = tinyClassifier({ learner: { variables: { ctx: tf.variable(vectors) }, prompts } });
  expect(nearestWords(classifier)!.context).toEqual([{ position: 0, words: [] }]);
});

it('has nothing to say where nothing is learned', () => {
  expect(nearestWords(tinyClassifier({ learner: { variables: {} } }))).toBeUndefined();
});
