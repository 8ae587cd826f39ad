import * as tf from '@tensorflow/tfjs-core';
import { composed } from '@promptweave/core/testing';
import fc from 'fast-check';
import {
  seededNormal,
  type PromptedText,
  type Prompts,
  type TextEncoding,
  type TextRequest,
  type TokenPosition,
} from '@promptweave/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClipBackbone } from '../clip-backbone.js';
import type { ClassChunk } from '../work/classes-per-chunk.js';
import { compare, model, outcomeOf, type Outcome } from './equality.test.support.js';
import { rowsOfTiles, tileBranches } from './tiles.js';
import { randomClip, type RandomClipOptions } from '../random-clip.js';

const RUNS = { numRuns: 24, seed: 20240601 };

interface TextCase {
  readonly model: RandomClipOptions;
  readonly recompute: boolean;
  /** Classes that are encoded together. */
  readonly classChunk: ClassChunk;
  /** Shared rows, the start token included. */
  readonly prefix: number;
  /** Rows of each class's branch. */
  readonly lengths: readonly number[];
  /** Context rows that deep prompts replace. */
  readonly n: number;
  readonly deep: number;
  readonly request: TextRequest;
}

const textCase: fc.Arbitrary<TextCase> = model.chain((clip) => {
  const { contextLength, layers } = clip.text;
  return fc
    .record({
      recompute: fc.boolean(),
      classChunk: fc.constantFrom<ClassChunk>('all', 'auto', 1, 2, 3),
      prefix: fc.integer({ min: 1, max: 6 }),
      classes: fc.integer({ min: 1, max: 9 }),
      blocks: fc.option(fc.array(fc.nat(layers - 1), { minLength: 1, maxLength: 4 }), { nil: undefined }),
    })
    .chain(({ recompute, classChunk, prefix, classes, blocks }) => {
      const steps = blocks?.length ?? layers;
      return fc.record({
        model: fc.constant(clip),
        recompute: fc.constant(recompute),
        classChunk: fc.constant(classChunk),
        prefix: fc.constant(prefix),
        lengths: fc.array(fc.integer({ min: 1, max: contextLength - prefix }), {
          minLength: classes,
          maxLength: classes,
        }),
        n: fc.integer({ min: 0, max: prefix - 1 }),
        deep: fc.nat(steps - 1),
        request: fc.record({
          blocks: fc.constant(blocks),
          keepLast: fc.nat(steps),
          paddedClasses: fc.nat(classes),
        }),
      });
    });
});

interface VisionCase {
  readonly model: RandomClipOptions;
  readonly recompute: boolean;
  readonly batch: number;
  /** Vision prompts; 0 is none. */
  readonly n: number;
  readonly deep: number;
}

const visionCase: fc.Arbitrary<VisionCase> = model.chain((clip) =>
  fc.record({
    model: fc.constant(clip),
    recompute: fc.boolean(),
    batch: fc.integer({ min: 1, max: 4 }),
    n: fc.nat(3),
    deep: fc.nat(clip.vision.layers - 1),
  }),
);

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

describe('the fast path equals the plain path', () => {
  it('for texts: features, kept states and gradients', () => {
    fc.assert(
      fc.property(textCase, (text) => {
        compare(text.model, text, (clip) => textOutcome(clip, text));
      }),
      RUNS,
    );
  });

  it('for images: features and gradients', () => {
    fc.assert(
      fc.property(visionCase, (images) => {
        compare(images.model, images, (clip) => imageOutcome(clip, images));
      }),
      RUNS,
    );
  });
});

describe('the rows that a step computes', () => {
  it('end with the end of text, unless padding is asked for', () => {
    const seen = { padded: 0, unpadded: 0 };
    fc.assert(
      fc.property(textCase, (text) => {
        const { model: options, prefix, lengths, request } = text;
        const clip = randomClip(options);
        const { contextLength, width } = options.text;
        const keeps = request.keepLast! > 0;
        const rows = lengths.map((length, c) =>
          keeps && c < request.paddedClasses! ? contextLength - prefix : length,
        );
        const expected = prefix + rowsOfTiles(tileBranches(rows));
        const steps = request.blocks?.length ?? options.text.layers;
        // Only the MLP's first layer has such weights; of the last step, one row of each class is read.
        const { inputs, encode } = textInputs(clip, text);
        const widths = composed(() => rowsThrough([width, 4 * width], () => tf.tidy(() => void encode(inputs))));
        tf.dispose(inputs);
        clip.dispose();
        const read = keeps ? [] : [lengths.length];
        const whole = new Array<number>(steps - read.length).fill(expected);
        expect(widths).toEqual([...whole, ...read]);
        seen[keeps && request.paddedClasses! > 0 ? 'padded' : 'unpadded']++;
      }),
      RUNS,
    );
    expect(Math.min(seen.padded, seen.unpadded)).toBeGreaterThan(5);
  });
});

function textOutcome(clip: ClipBackbone, text: TextCase): Outcome {
  return tf.tidy(() => {
    const { model: options, prefix, lengths, request } = text;
    const positions: TokenPosition[] = lengths.flatMap((length, c) =>
      Array.from(
        { length: c < request.paddedClasses! ? options.text.contextLength : prefix + length },
        (_, position) => ({
          class: c,
          position,
        }),
      ),
    );
    const { inputs, encode } = textInputs(clip, text);
    return outcomeOf(inputs, (given) => {
      const encoding = encode(given);
      expect(encoding.kept).toBe(request.keepLast);
      const kept = Array.from({ length: encoding.kept }, (_, step) => encoding.rows(step, positions));
      return [encoding.features, ...kept];
    });
  });
}

/** Seeded rows of the prompts, and the text pass over such rows. */
function textInputs(clip: ClipBackbone, { model: options, prefix, lengths, n, deep, request }: TextCase) {
  const { width } = options.text;
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const deepCount = n === 0 ? 0 : deep;
  const encode = ([prefixRows, branches, ...deepRows]: tf.Tensor2D[]): TextEncoding => {
    const roles = lengths.map((length) => ({ name: [], end: prefix + length - 1 }));
    const text: PromptedText = { prefix: prefixRows!, branches: branches!, lengths, deep: deepRows, roles };
    return clip.encodeText(text, request);
  };
  return {
    inputs: draw([[prefix, width], [rows, width], ...Array.from({ length: deepCount }, () => [n, width])]),
    encode,
  };
}

function draw(shapes: readonly number[][]): tf.Tensor2D[] {
  return shapes.map((shape, i) => seededNormal(shape, 0.5, 17, `input ${i}`) as tf.Tensor2D);
}

function imageOutcome(clip: ClipBackbone, { model: options, batch, n, deep }: VisionCase): Outcome {
  const { width, imageSize } = options.vision;
  const deepCount = n === 0 ? 0 : deep;
  const shapes = n === 0 ? [] : Array.from({ length: 1 + deepCount }, () => [n, width]);
  return tf.tidy(() =>
    outcomeOf(draw(shapes), ([shallow, ...deepPrompts]) => {
      const prompts: Prompts | undefined = shallow && { shallow, deep: deepPrompts };
      const images = seededNormal([batch, 3, imageSize, imageSize], 1, options.seed, 'images') as tf.Tensor4D;
      return [clip.encodeImages(images, prompts)];
    }),
  );
}

/** Numbers of rows that are multiplied with weights of the given shape, in order. */
function rowsThrough(weights: readonly number[], work: () => void): number[] {
  const found: number[] = [];
  const engine = tf.engine();
  const runKernel = engine.runKernel.bind(engine);
  engine.runKernel = <T extends tf.Tensor | tf.Tensor[]>(
    name: string,
    inputs: tf.NamedTensorMap,
    attributes?: tf.NamedAttrMap,
  ): T => {
    const { a, b } = inputs;
    if (name === 'BatchMatMul' && b!.shape.slice(-2).join() === weights.join()) found.push(a!.shape.at(-2)!);
    return runKernel(name, inputs, attributes);
  };
  try {
    work();
  } finally {
    engine.runKernel = runKernel;
  }
  return found;
}
