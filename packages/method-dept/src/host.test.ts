import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { crossEntropy } from '@promptweave/core/experiment';
import { batchFor, classNames, compose, contextOf, logitsOf, probeLearner } from '@promptweave/core/testing';
import { expect, it } from 'vitest';
import { dept } from './plugin.js';

const made = () => {
  const backbone = randomClip({
    seed: 1,
    vision: { width: 32, layers: 2, heads: 2, imageSize: 16, patchSize: 8 },
    text: { width: 32, layers: 2, heads: 2, contextLength: 24 },
    embedding: 16,
    vocabulary: 512,
    logitScale: 10,
  });
  const prompt = { plugin: probeLearner };
  const host = compose(contextOf(backbone), { prompt });
  const decoupled = (probeWeight: number) =>
    compose(contextOf(backbone), {
      prompt,
      head: { plugin: dept, options: { probeWeight } },
      losses: [{ plugin: crossEntropy, weight: 1 - probeWeight }],
    });
  return { backbone, host, decoupled, batch: batchFor(backbone, 4) };
};

it('with the weight 0 it is the host, bit for bit in logits and gradients', () => {
  const { backbone, host, decoupled, batch } = made();
  const zero = decoupled(0);
  expect(logitsOf(zero, batch)).toEqual(logitsOf(host, batch));
  const [a, b] = [host.gradients(batch), zero.gradients(batch)];
  expect(b.total).toBe(a.total);
  expect(Object.keys(b.gradients)).toEqual(Object.keys(a.gradients));
  for (const [name, gradient] of Object.entries(a.gradients)) {
    expect([...b.gradients[name]!.dataSync()]).toEqual([...gradient.dataSync()]);
  }
  tf.dispose([a.gradients, b.gradients, Object.values(batch)] as tf.TensorContainer);
  for (const one of [host, zero, backbone]) one.dispose();
});

it('fuses where all classes were trained, in whatever order and number, and not where one was not', () => {
  const { backbone, host, decoupled, batch } = made();
  const half = decoupled(0.5);
  const some = [...classNames].reverse().slice(0, 2);
  const seen = (classifier: typeof host, names: readonly string[]): number[] => {
    const other = classifier.withClasses(names);
    const values = logitsOf(other, batch);
    other.disposeOwn();
    return values;
  };
  const own = logitsOf(half, batch);
  seen(half, some).forEach((value, i) => {
    expect(value).toBeCloseTo(own[Math.floor(i / 2) * classNames.length + classNames.indexOf(some[i % 2]!)]!, 4);
  });
  expect(seen(half, some)).not.toEqual(seen(host, some));
  expect(seen(half, [...some, 'ant'])).toEqual(seen(host, [...some, 'ant']));
  tf.dispose(Object.values(batch));
  for (const one of [host, half, backbone]) one.dispose();
});

it('brings its share of the cross-entropy, and its rate', () => {
  expect(dept.losses!(dept.options.parse({ probeWeight: 0.25 }) as never)).toEqual([
    { use: 'cross-entropy', weight: 0.75 },
  ]);
  expect(dept.properties(dept.options.parse({}) as never).learningRateFactor).toBe(6.5);
});
