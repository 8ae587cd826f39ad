import * as tf from '@tensorflow/tfjs-core';
import { randomClip, type ClipBackbone } from '@promptweave/backbone-clip';
import { definePlugin, disposeVariables, variablesFrom, type NamedVariables } from '@promptweave/core';
import { batchFor, classNames, compose, contextOf, jitter, logitsOf } from '@promptweave/core/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { tcp } from './plugin.js';

const shape = {
  seed: 1,
  vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
  text: { width: 32, layers: 3, heads: 2, contextLength: 24 },
  embedding: 16,
  vocabulary: 512,
  logitScale: 10,
};
const fast = randomClip(shape);
const plain = randomClip(shape, { fast: false, recompute: false });
afterAll(() => [fast, plain].forEach((clip) => clip.dispose()));

/** Shared context, whose place rows of their own take at block 1: one deep prompt. */
const sharedDeep = definePlugin({
  kind: 'prompt',
  name: 'shared-deep',
  description: 'Shared context with one deep prompt.',
  options: z.strictObject({}),
  properties: () => ({ promptsVision: false, dependsOnImage: false, novelClasses: 'swap' }),
  create: ({ backbone }) => {
    const variables: NamedVariables = variablesFrom({ ctx: tf.zeros([4, 32]), deep: tf.zeros([4, 32]) });
    const [vectors, deep] = Object.values(variables) as tf.Variable<tf.Rank.R2>[];
    return {
      variables,
      template: { before: [], after: backbone.tokenizer.encode('.') },
      prompts: () => ({ text: { vectors: vectors!, scope: 'shared', namePosition: 'end', deep: [deep!] } }),
      dispose: () => disposeVariables(variables),
    };
  },
});

/** Rows of each class with the present values, [C][n · T]. */
const rowsOf = (classifier: ReturnType<typeof compose>): number[][] =>
  tf.tidy(() => {
    const { rows } = classifier.parts.learner.prompts().text!.ofClasses!;
    return tf.unstack(rows).map((row) => [...row.dataSync()]);
  });

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const size = Math.max(...Array.from(expected, Math.abs));
  Array.from(actual).forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance * size));
}

describe.each<[string, ClipBackbone]>([
  ['fast', fast],
  ['plain', plain],
])('on the %s path', (_, clip) => {
  it('without weights in the second layer it is a shared deep prompt, value and gradient', () => {
    const context = contextOf(clip);
    const own = compose(context, { prompt: { plugin: tcp, options: { classBlock: 1 } } });
    const shared = compose(context, { prompt: { plugin: sharedDeep } });
    jitter(own.variables);
    const weight = own.variables['meta_net.linear2.weight']!;
    const bias = own.variables['meta_net.linear2.bias']!;
    tf.tidy(() => {
      weight.assign(tf.zerosLike(weight));
      shared.variables['ctx']!.assign(own.variables['ctx']!);
      shared.variables['deep']!.assign(tf.reshape(bias, [4, 32]));
    });
    const batch = batchFor(clip);
    expectClose(logitsOf(own, batch), logitsOf(shared, batch), 1e-5);
    const [a, b] = [own.gradients(batch), shared.gradients(batch)];
    expect(a.total).toBeCloseTo(b.total, 5);
    expectClose(a.gradients['ctx']!.dataSync(), b.gradients['ctx']!.dataSync(), 1e-4);
    expectClose(a.gradients['meta_net.linear2.bias']!.dataSync(), b.gradients['deep']!.dataSync(), 1e-4);
    for (const one of [own, shared]) one.dispose();
    tf.dispose([a.gradients, b.gradients, { ...batch }]);
  });
});

it('makes the rows of other classes from their names, by the same variables', () => {
  const classifier = compose(contextOf(fast), { prompt: { plugin: tcp, options: { classBlock: 2 } } });
  const [goldfish, cat] = rowsOf(classifier);
  const others = classifier.withClasses(['cat', 'polar bear', 'goldfish']);
  const [sameCat, bear, sameGoldfish] = rowsOf(others);
  expectClose(sameCat!, cat!, 1e-5);
  expectClose(sameGoldfish!, goldfish!, 1e-5);
  expect(bear).not.toEqual(cat);
  expect(Object.values(others.variables)).toEqual(Object.values(classifier.variables));
  others.disposeOwn();
  classifier.dispose();
});

it('knows the classes by the whole sentences of the teacher, whatever stands in a name', () => {
  const names = [...classNames.slice(0, 2), "dollar $& and $' sign", 'sea_horse'];
  const asked: string[][] = [];
  const context = contextOf(fast, { names });
  const { options } = tcp;
  const learner = tcp.create(
    {
      ...context,
      encodeSentences: (sentences) => (asked.push([...sentences]), context.encodeSentences(sentences)),
    },
    options.parse({ classBlock: 1, teacher: 'a {}.' }),
  );
  for (let i = 0; i < 2; i++) tf.tidy(() => void learner.prompts());
  expect(asked).toEqual([['a goldfish.', 'a cat.', "a dollar $& and $' sign.", 'a sea horse.']]);
  learner.dispose();
  expect(options.safeParse({ teacher: 'a photo.' }).error?.issues[0]?.path).toEqual(['teacher']);
});

it('has words between the context and the name, whatever the context starts from', () => {
  const { tokenizer } = fast;
  const [words, fullStop] = [tokenizer.encode('person doing'), tokenizer.encode('.')];
  for (const contextInit of ['', 'a photo of a']) {
    const learner = tcp.create(
      contextOf(fast),
      tcp.options.parse({ classBlock: 1, before: 'person doing', contextInit }),
    );
    expect(learner.template.before.slice(4)).toEqual(words);
    expect(learner.template.after).toEqual(fullStop);
    learner.dispose();
  }
});
