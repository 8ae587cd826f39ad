import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededNormal, type PromptedText, type Prompts, type TextRequest, type TokenPosition } from '@promptweave/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClipBackbone } from '../clip-backbone.js';
import type { RandomClipOptions } from '../random-clip.js';
import { randomTuning, tuningChoice, type TuningChoice } from '../random-tuning.test.support.js';
import type { ClassChunk } from '../work/classes-per-chunk.js';
import { compare, model, outcomeOf, type Outcome } from './equality.test.support.js';

const RUNS = { numRuns: 24, seed: 20241127 };

/** Rows that enter at a block, and how many blocks take new ones. */
interface Entering {
  readonly block: number;
  readonly count: number;
  readonly n: number;
}

interface TextCase {
  readonly model: RandomClipOptions;
  readonly recompute: boolean;
  readonly classChunk: ClassChunk;
  readonly prefix: number;
  readonly lengths: readonly number[];
  readonly n: number;
  readonly deep: number;
  readonly ofClasses?: number;
  readonly inserted?: Entering;
  readonly constantRows: boolean;
  readonly request: TextRequest;
  readonly tuning?: TuningChoice;
}

const textCase: fc.Arbitrary<TextCase> = model.chain((clip) => {
  const { contextLength, layers } = clip.text;
  return fc
    .record({
      prefix: fc.integer({ min: 1, max: 6 }),
      classes: fc.integer({ min: 1, max: 9 }),
      blocks: fc.option(fc.array(fc.nat(layers - 1), { minLength: 1, maxLength: 4 }), { nil: undefined }),
      ownRows: fc.boolean(),
    })
    .chain(({ prefix, classes, blocks, ownRows }) => {
      const steps = blocks?.length ?? layers;
      const lateBlock =
        ownRows && prefix > 1 && steps > 1 ? fc.integer({ min: 1, max: steps - 1 }) : fc.constant(undefined);
      return lateBlock.chain((ofClasses) =>
        fc.record({
          model: fc.constant(clip),
          recompute: fc.boolean(),
          classChunk: fc.constantFrom<ClassChunk>('all', 'auto', 1, 2, 3),
          prefix: fc.constant(prefix),
          lengths: fc.array(fc.integer({ min: 1, max: contextLength - prefix }), {
            minLength: classes,
            maxLength: classes,
          }),
          n: ofClasses === undefined ? fc.nat(prefix - 1) : fc.integer({ min: 1, max: prefix - 1 }),
          deep: fc.nat(ofClasses === undefined ? steps - 1 : ofClasses - 1),
          ofClasses: fc.constant(ofClasses),
          inserted: entering(steps),
          constantRows: fc.boolean(),
          request: fc.record({
            blocks: fc.constant(blocks),
            keepLast: fc.nat(steps),
            paddedClasses: fc.nat(classes),
          }),
          tuning: fc.option(tuningChoice(layers, false), { nil: undefined }),
        }),
      );
    });
});

interface VisionCase {
  readonly model: RandomClipOptions;
  readonly recompute: boolean;
  readonly batch: number;
  readonly n: number;
  readonly deep: number;
  readonly inserted?: Entering;
  readonly rows: boolean;
  readonly tuning?: TuningChoice;
}

const visionCase: fc.Arbitrary<VisionCase> = model.chain((clip) =>
  fc.record({
    model: fc.constant(clip),
    recompute: fc.boolean(),
    batch: fc.integer({ min: 1, max: 4 }),
    n: fc.nat(3),
    deep: fc.nat(clip.vision.layers - 1),
    inserted: entering(clip.vision.layers),
    rows: fc.boolean(),
    tuning: fc.option(tuningChoice(clip.vision.layers, true), { nil: undefined }),
  }),
);

function entering(steps: number): fc.Arbitrary<Entering | undefined> {
  if (steps < 2) return fc.constant(undefined);
  const some = fc.integer({ min: 1, max: steps - 1 }).chain((block) =>
    fc.record({
      block: fc.constant(block),
      count: fc.integer({ min: 1, max: steps - block }),
      n: fc.integer({ min: 1, max: 3 }),
    }),
  );
  return fc.option(some, { nil: undefined });
}

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

describe('the fast path equals the plain path in whatever is tuned, inserted or of classes', () => {
  it('for texts: features, kept states and gradients', () => {
    fc.assert(
      fc.property(textCase, (text) => compare(text.model, text, (clip) => textOutcome(clip, text))),
      RUNS,
    );
  });

  it('for images: features, states of prompts and gradients', () => {
    fc.assert(
      fc.property(visionCase, (images) =>
        compare(images.model, { recompute: images.recompute }, (clip) => imageOutcome(clip, images)),
      ),
      RUNS,
    );
  });
});

function textOutcome(clip: ClipBackbone, text: TextCase): Outcome {
  const { model: options, prefix, lengths, n, deep, ofClasses, inserted, constantRows, request, tuning } = text;
  const { width, contextLength } = options.text;
  const keeps = request.keepLast! > 0;
  const positions: TokenPosition[] = lengths.flatMap((length, c) =>
    Array.from({ length: keeps && c < request.paddedClasses! ? contextLength : prefix + length }, (_, position) => ({
      class: c,
      position,
    })),
  );
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const deepCount = n === 0 ? 0 : deep;
  const fixed = [
    [prefix, width],
    [rows, width],
  ];
  const shapes = [
    ...(constantRows ? [] : fixed),
    ...Array.from({ length: deepCount }, () => [n, width]),
    ...(ofClasses === undefined ? [] : [[lengths.length, n, width]]),
    ...Array.from({ length: inserted?.count ?? 0 }, () => [inserted!.n, width]),
  ];
  const tuned = tuning && randomTuning(tuning, width, options.seed);
  return tf.tidy(() => {
    const constants = constantRows ? draw(fixed, 19) : [];
    return outcomeOf([...draw(shapes, 17), ...(tuned?.draw() ?? [])], (given) => {
      const left = [...given];
      const take = (count: number): tf.Tensor[] => left.splice(0, count);
      const [prefixRows, branches] = constantRows ? constants : take(2);
      const prompted: PromptedText = {
        prefix: prefixRows as tf.Tensor2D,
        branches: branches as tf.Tensor2D,
        lengths,
        deep: take(deepCount) as tf.Tensor2D[],
        ...(ofClasses !== undefined && { ofClasses: { block: ofClasses, rows: take(1)[0] as tf.Tensor3D } }),
        ...(inserted && { inserted: { block: inserted.block, rows: take(inserted.count) as tf.Tensor2D[] } }),
        roles: lengths.map((length) => ({ name: [], end: prefix + length - 1 })),
      };
      const encoding = clip.encodeText(prompted, { ...request, constantRows, tuning: tuned?.build(left) });
      const kept = Array.from({ length: encoding.kept }, (_, step) => encoding.rows(step, positions));
      return [encoding.features, ...kept];
    });
  });
}

function imageOutcome(clip: ClipBackbone, images: VisionCase): Outcome {
  const { model: options, batch, n, deep, inserted, rows, tuning } = images;
  const { width, imageSize } = options.vision;
  const deepCount = n === 0 || inserted ? 0 : deep;
  const shallowCount = n === 0 || inserted ? 0 : 1;
  const shapes = [
    ...Array.from({ length: shallowCount + deepCount }, () => [n, width]),
    ...Array.from({ length: inserted?.count ?? 0 }, () => [inserted!.n, width]),
  ];
  const tuned = tuning && randomTuning(tuning, width, options.seed);
  return tf.tidy(() =>
    outcomeOf([...draw(shapes, 17), ...(tuned?.draw() ?? [])], (given) => {
      const left = [...given];
      const take = (count: number): tf.Tensor2D[] => left.splice(0, count) as tf.Tensor2D[];
      const [shallow] = take(shallowCount);
      const prompts: Prompts = {
        ...(shallow && { shallow }),
        deep: take(deepCount),
        ...(inserted && { inserted: { block: inserted.block, rows: take(inserted.count) } }),
      };
      const pixels = seededNormal([batch, 3, imageSize, imageSize], 1, options.seed, 'images') as tf.Tensor4D;
      const promptRows: tf.Tensor3D[] = [];
      const request = { tuning: tuned?.build(left), ...(rows && { promptRows }) };
      return [clip.encodeImages(pixels, prompts, request), ...promptRows];
    }),
  );
}

function draw(shapes: readonly number[][], seed: number): tf.Tensor[] {
  return shapes.map((shape, i) => seededNormal(shape, 0.5, seed, `input ${i}`));
}
