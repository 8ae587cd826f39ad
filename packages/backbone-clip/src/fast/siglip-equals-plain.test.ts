import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { seededNormal, type PromptedText, type Prompts, type TextRequest, type TokenPosition } from '@promptweave/core';
import { describe, expect, it } from 'vitest';
import { SIGLIP_FORM } from '../clip-form.js';
import type { ClassChunk } from '../work/classes-per-chunk.js';
import { randomClip, type RandomClipOptions } from '../random-clip.js';
import { compare, outcomeOf } from './equality.test.support.js';

const RUNS = { numRuns: 12, seed: 20261127 };

/** Small SigLIPs. */
const model = fc
  .record({
    seed: fc.nat(1000),
    heads: fc.integer({ min: 1, max: 3 }),
    layers: fc.integer({ min: 1, max: 3 }),
    contextLength: fc.integer({ min: 8, max: 12 }),
    grid: fc.integer({ min: 1, max: 3 }),
    pooled: fc.constantFrom('patches' as const, 'all' as const),
  })
  .map(({ seed, heads, layers, contextLength, grid, pooled }) =>
    siglipOf(8 * heads, heads, { seed, layers, contextLength, grid, pooled }),
  );

function siglipOf(
  width: number,
  heads: number,
  { seed = 1, layers = 2, contextLength = 6, grid = 1, pooled = 'patches' as 'patches' | 'all' },
): RandomClipOptions {
  return {
    activation: 'gelu-tanh',
    ...{ seed, embedding: width, vocabulary: 50, form: SIGLIP_FORM, startToken: false, pooled },
    vision: {
      width,
      layers,
      heads,
      imageSize: 4 * grid + (seed % 2),
      patchSize: 4,
      classToken: false,
      pooling: 'attention',
    },
    text: { width, layers, heads, contextLength, attention: 'full', reads: 'last' },
  };
}

interface TextCase {
  readonly model: RandomClipOptions;
  readonly recompute: boolean;
  readonly classChunk: ClassChunk;
  readonly prefix: number;
  readonly lengths: readonly number[];
  /** Context rows that deep prompts replace, and of which later ones belong to the classes. */
  readonly n: number;
  readonly deep: number;
  readonly ofClasses: boolean;
  readonly request: TextRequest;
}

const textCase: fc.Arbitrary<TextCase> = model.chain((options) => {
  const { contextLength, layers } = options.text;
  return fc.record({ prefix: fc.nat(4), classes: fc.integer({ min: 1, max: 4 }) }).chain(({ prefix, classes }) =>
    fc.record({
      ...{ model: fc.constant(options), prefix: fc.constant(prefix) },
      recompute: fc.boolean(),
      classChunk: fc.constantFrom<ClassChunk>('all', 'auto', 1, 2),
      lengths: fc.array(fc.integer({ min: 1, max: contextLength - prefix }), {
        minLength: classes,
        maxLength: classes,
      }),
      n: fc.nat(prefix),
      deep: fc.nat(layers - 1),
      ofClasses: fc.boolean(),
      request: fc.record({ keepLast: fc.nat(layers) }),
    }),
  );
});

describe('the fast path of a SigLIP equals the plain path', () => {
  it('for texts: features, kept states of all rows, padding too, and gradients', () => {
    fc.assert(
      fc.property(textCase, (text) => compare(text.model, text, (clip) => tf.tidy(() => outcomeOfText(clip, text)))),
      RUNS,
    );
  });

  it('for images, with and without prompts, that its pooling head sees or not', () => {
    const images = model.chain((options) =>
      fc.record({
        model: fc.constant(options),
        recompute: fc.boolean(),
        n: fc.nat(2),
        deep: fc.nat(options.vision.layers - 1),
      }),
    );
    fc.assert(
      fc.property(images, (images) =>
        compare(images.model, images, (clip) => tf.tidy(() => outcomeOfImages(clip, images))),
      ),
      RUNS,
    );
  });

  it.each([72, 80, 88, 96, 104])('with heads of %i', (perHead) => {
    const options = siglipOf(2 * perHead, 2, {});
    const images = { model: options, n: 2, deep: 1 };
    const text = { model: options, prefix: 2, lengths: [2, 3], n: 2, deep: 1, ofClasses: false, request: {} };
    const computation = { recompute: false, classChunk: 'all' } as const;
    compare(options, computation, (clip) => tf.tidy(() => outcomeOfImages(clip, images)));
    compare(options, computation, (clip) => tf.tidy(() => outcomeOfText(clip, text)));
  });
});

type Clip = ReturnType<typeof randomClip>;

function outcomeOfText(
  clip: Clip,
  { model: options, prefix, lengths, n, deep, ofClasses, request }: Omit<TextCase, 'recompute' | 'classChunk'>,
) {
  const { width, contextLength, layers } = options.text;
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const deepCount = n === 0 ? 0 : deep;
  const last = ofClasses && n > 0 && deepCount + 1 < layers ? layers - 1 : undefined;
  const shapes: number[][] = [[rows, width], ...Array.from({ length: deepCount }, () => [n, width])];
  if (prefix > 0) shapes.unshift([prefix, width]);
  if (last !== undefined) shapes.push([lengths.length, n, width]);
  const inputs = shapes.map((shape, i) => seededNormal(shape, 0.5, 17, `input ${i}`));
  const positions: TokenPosition[] = lengths.flatMap((_, c) =>
    Array.from({ length: contextLength }, (__, position) => ({ class: c, position })),
  );
  return outcomeOf(inputs, (given) => {
    const left = [...given];
    const prefixRows = prefix > 0 ? (left.shift() as tf.Tensor2D) : tf.zeros<tf.Rank.R2>([0, width]);
    const branches = left.shift() as tf.Tensor2D;
    const text: PromptedText = {
      ...{ prefix: prefixRows, branches, lengths },
      ...(last !== undefined && { ofClasses: { block: last, rows: left.pop() as tf.Tensor3D } }),
      deep: left as tf.Tensor2D[],
      roles: lengths.map(() => ({ name: [], end: contextLength - 1 })),
    };
    const encoding = clip.encodeText(text, request);
    const kept = Array.from({ length: encoding.kept }, (_, step) => encoding.rows(step, positions));
    return [encoding.features, ...kept];
  });
}

function outcomeOfImages(
  clip: Clip,
  { model: options, n, deep }: { model: RandomClipOptions; n: number; deep: number },
) {
  const { width, imageSize } = options.vision;
  const count = n === 0 ? 0 : 1 + deep;
  const prompts = Array.from(
    { length: count },
    (_, i) => seededNormal([n, width], 0.5, 17, `prompt ${i}`) as tf.Tensor2D,
  );
  return outcomeOf(prompts, ([shallow, ...rest]) => {
    const images = seededNormal([2, 3, imageSize, imageSize], 1, options.seed, 'images') as tf.Tensor4D;
    return [clip.encodeImages(images, shallow && ({ shallow, deep: rest } as Prompts))];
  });
}

it('refuses rows beside a class token, which is not there', () => {
  const clip = randomClip(siglipOf(8, 1, {}));
  const rows = [tf.zeros<tf.Rank.R2>([1, 8])];
  const images = tf.zeros<tf.Rank.R4>([1, 3, 9, 9]);
  expect(() => clip.encodeImages(images, { deep: [], inserted: { block: 1, rows } })).toThrow(/not read at one/);
  expect(clip.publishedVision).toBeUndefined();
  expect(clip.logitBias).toBe(-10);
  tf.dispose([rows, images]);
  clip.dispose();
});
