import * as tf from '@tensorflow/tfjs-core';
import { randomClip, type ClipBackbone } from '@promptweave/backbone-clip';
import type { PartialConfiguration } from '@promptweave/core';
import { crossEntropy } from '@promptweave/core/experiment';
import { batchFor, classNames, compose, contextOf, jitter, logitsOf } from '@promptweave/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mmrlHead, mmrlImage, mmrlPrompt, plugins } from './plugin.js';

const shape = {
  seed: 1,
  vision: { width: 32, layers: 3, heads: 2, imageSize: 16, patchSize: 8 },
  text: { width: 24, layers: 3, heads: 2, contextLength: 24 },
  embedding: 16,
  vocabulary: 512,
  logitScale: 10,
};
const PROJECTION = 'image_encoder.proj_rep';
const fast = randomClip(shape);
const plain = randomClip(shape, { fast: false, recompute: false });
let batch: ReturnType<typeof batchFor>;
beforeAll(() => {
  batch = batchFor(fast);
});
afterAll(() => {
  tf.dispose({ ...batch });
  for (const clip of [fast, plain]) clip.dispose();
});

const mmrl = (clip: ClipBackbone, head: PartialConfiguration, lambda = 0) =>
  compose(contextOf(clip), {
    prompt: { plugin: mmrlPrompt, options: { tokens: 2, width: 8, first: 2, last: 3 } },
    head: { plugin: mmrlHead, options: head },
    losses: [
      { plugin: crossEntropy, weight: mmrlHead.options.parse(head).alpha },
      { plugin: mmrlImage, weight: lambda },
    ],
  });

type Rows = readonly (readonly number[])[];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const unit = (row: readonly number[]): number[] => row.map((value) => value / Math.sqrt(dot(row, row)));
const columns = (rows: Rows): number[][] => rows[0]!.map((_, j) => rows.map((row) => row[j]!));
const crossEntropyOf = (logits: Rows, labels: readonly number[]): number =>
  mean(logits.map((row, i) => Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[labels[i]!]!));

/** Both kinds of logits and the likeness of images, of the same hidden states, by the formulas. */
function byHand(classifier: ReturnType<typeof mmrl>, scale: number) {
  return tf.tidy(() => {
    const { texts, rawImageFeatures, frozenImageFeatures, promptRows, labels } = classifier.step(batch);
    const projection = columns(classifier.variables[PROJECTION]!.arraySync() as number[][]); // [E][V]
    const ofTexts = texts[0]!.raw.arraySync().map(unit);
    const images = rawImageFeatures.arraySync().map(unit);
    const tokens = promptRows!.arraySync().map((rows) => {
      const middle = columns(rows).map(mean); // [V]
      return unit(projection.map((column) => dot(middle, column)));
    });
    const logits = (features: Rows) => features.map((image) => ofTexts.map((text) => scale * dot(image, text)));
    const frozen = frozenImageFeatures.arraySync().map(unit);
    return {
      ofClass: logits(images),
      ofTokens: logits(tokens),
      likeness: mean(images.map((image, i) => dot(image, frozen[i]!))),
      labels: [...labels.dataSync()],
    };
  });
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  const size = Math.max(...expected.map(Math.abs));
  actual.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5 * size));
}

describe.each<[string, ClipBackbone]>([
  ['fast', fast],
  ['plain', plain],
])('on the %s path', (_, clip) => {
  it.each([
    [{}, 0.7, 10],
    [{ alpha: 0.2, logitScale: 30 }, 0.2, 30],
    [{ alpha: 1 }, 1, 10],
  ])('has the terms and the answers of the formulas with %j', (options, alpha, scale) => {
    const classifier = mmrl(clip, options, 3);
    jitter(classifier.variables);
    const { ofClass, ofTokens, likeness, labels } = byHand(classifier, scale);
    const fused = ofClass.map((row, b) => row.map((z, c) => alpha * z + (1 - alpha) * ofTokens[b]![c]!));
    expectClose(logitsOf(classifier, batch), fused.flat());
    const { total, gradients } = classifier.gradients(batch);
    const terms = alpha * crossEntropyOf(ofClass, labels) + (1 - alpha) * crossEntropyOf(ofTokens, labels);
    expectClose([total], [terms + 3 * (1 - likeness)]);
    tf.dispose(gradients);
    classifier.dispose();
  });

  it('tells trained classes by both read-outs, and by the class token alone where another class is among them', () => {
    const classifier = mmrl(clip, {});
    jitter(classifier.variables);
    const [all, { ofClass }] = [logitsOf(classifier, batch), byHand(classifier, 10)];
    const answersFor = (names: readonly string[]): number[] => {
      const other = classifier.withClasses(names);
      const answers = logitsOf(other, batch);
      other.disposeOwn();
      return answers;
    };
    const [first, , third] = classNames;
    expectClose(
      answersFor([third!, first!]),
      ofClass.flatMap((row, b) => [2, 0].map((c) => all[b * row.length + c]!)),
    );
    const mixed = answersFor([third!, first!, 'polar bear']);
    expectClose(
      mixed.filter((_value, i) => i % 3 < 2),
      ofClass.flatMap((row) => [row[2]!, row[0]!]),
    );
    classifier.dispose();
  });
});

it("starts the tokens' projection at random or as the backbone's own, and the layers of a tower alike", () => {
  const own = mmrl(fast, { projection: 'backbone' });
  const random = mmrl(fast, {});
  const frozen = fast.tunable.projection('vision');
  expect(own.variables[PROJECTION]!.dataSync()).toEqual(frozen.dataSync());
  expect(tf.tidy(() => tf.moments(random.variables[PROJECTION]!).variance.dataSync()[0])).toBeCloseTo(1 / 32, 2);
  for (const tower of ['r2vproj', 'r2tproj']) {
    const [first, second] = [0, 1].map((j) => own.variables[`compound_rep_tokens_${tower}.${j}.weight`]!.dataSync());
    expect(first).toEqual(second);
  }
  frozen.dispose();
  for (const one of [own, random]) one.dispose();
  const options = mmrlHead.options.parse({ projection: 'backbone' });
  expect(() =>
    mmrlHead.create({ ...contextOf(fast), backbone: { name: 'bare', shape: fast.shape } as never }, options),
  ).toThrow('The backbone bare does not give the projection of its vision tower.');
});

it('refuses to repeat a run whose layers have gaps', () => {
  const repeat = (layers: number[]) => plugins[0]!.fixture!({ kind: 'mmrl', hyper: { layers, reg_weight: 1 } });
  expect(repeat([3, 4, 5])).toMatchObject({ prompt: { first: 3, last: 5 } });
  expect(() => repeat([3, 5])).toThrow('layers 3, 5, which do not follow each other');
});
