import * as tf from '@tensorflow/tfjs-core';
import { randomClip, type ClipComputation } from '@promptweave/backbone-clip';
import type { Batch } from '@promptweave/core';
import { completeChoice, composeClassifier, Registry, stepShape, type Classifier } from '@promptweave/core/experiment';
import { composed, forgetPrograms } from '@promptweave/core/testing';
import { plugins as comma } from '@promptweave/method-comma';
import { plugins as coop } from '@promptweave/method-coop';
import { plugins as lamm } from '@promptweave/method-lamm';
import { plugins as maple } from '@promptweave/method-maple';
import { describe, expect, it } from 'vitest';

/** Widths of towers, heads and tiles all differ, so that each product of matrices tells where it belongs. */
const SHAPE = {
  vision: { width: 72, layers: 4, heads: 3, imageSize: 24, patchSize: 8 },
  text: { width: 32, layers: 4, heads: 2, contextLength: 20 },
  embedding: 20,
};
const BATCH = 3;
const NAMES = ['ant', 'sea horse', 'owl', 'a very small cat', 'dog', 'hen'];

const registry = new Registry([...comma, ...coop, ...lamm, ...maple].map((plugin) => ({ plugin, module: 'tests' })));

const FAST: ClipComputation = { fast: true, recompute: false };

const hasPrograms = tf.getKernel('PromptweaveProgram', tf.getBackend()) !== undefined;
const isFused = tf.getKernel('PromptweaveAddProduct', tf.getBackend()) !== undefined;

const frozen = { use: 'frozen' };
const withLamm = { use: 'lamm' };
const coopShared = { use: 'coop', contextLength: 4 };
const deep = { depth: 3 };

/** Rows that all classes share: start, "a photo of a" or what is learned in its place. */
const PREFIX = 5;
/** Rows of the branches: names of 1, 2, 1, 4, 1 and 1 tokens, each with full stop and end of text. */
const BRANCHES = 10 + 2 * 6;
const TEXT = PREFIX + BRANCHES;

interface Guard {
  readonly prompt: { readonly use: string; readonly [option: string]: unknown };
  readonly labels?: { readonly use: string };
  readonly losses?: readonly { readonly use: string; readonly [option: string]: unknown }[];
  readonly computation?: Partial<ClipComputation>;
  /** Rows that go through the MLPs of the text blocks, one after the other, backward passes that compute them again included. */
  readonly text: readonly number[];
  readonly vision: readonly number[];
  /** Operations of a step at most, fused and composed: a guard against work that creeps in, to be lowered with every saving. */
  readonly operations: readonly [fused: number, composed: number];
  /** What is handed over at most where blocks are programs: the same on a CPU and on a GPU. */
  readonly handedOver: number;
}

/** Images without and with 2 prompts: class token and 9 patches. Of the last block, the class token alone. */
const image = [BATCH * 10, BATCH * 10, BATCH * 10, BATCH];
const prompted = [BATCH * 12, BATCH * 12, BATCH * 12, BATCH];
const whole = (rows: number, read: number): number[] => [rows, rows, rows, read];
const everyPosition = [{ use: 'cross-entropy' }, { use: 'comma/knowledge', tokens: 'all' }];
const chunks = [whole(PREFIX + 7, 2), whole(PREFIX + 9, 2), whole(PREFIX + 6, 2)];

const guards: Readonly<Record<string, Guard>> = {
  coop: { prompt: coopShared, text: whole(TEXT, 6), vision: image, operations: [560, 985], handedOver: 36 },
  'coop, class-specific': {
    prompt: { ...coopShared, classSpecific: true },
    text: whole(1 + BRANCHES + 6 * 4, 6),
    vision: image,
    operations: [560, 985],
    handedOver: 36,
  },
  cocoop: {
    prompt: { use: 'cocoop', reduction: 4 },
    text: [...whole(TEXT, 6), ...whole(TEXT, 6), ...whole(TEXT, 6)],
    vision: image,
    operations: [1397, 2470],
    handedOver: 117,
  },
  maple: {
    prompt: { use: 'maple', ...deep },
    text: whole(TEXT, 6),
    vision: prompted,
    operations: [942, 1461],
    handedOver: 54,
  },
  vpt: {
    prompt: { use: 'vpt', visionDepth: 3, visionLength: 2 },
    text: whole(TEXT, 6),
    vision: prompted,
    operations: [677, 1047],
    handedOver: 38,
  },
  comma: {
    prompt: { use: 'comma', ...deep },
    text: whole(TEXT, TEXT),
    vision: prompted,
    operations: [1284, 1812],
    handedOver: 72,
  },
  'comma at all positions': {
    prompt: { use: 'comma', ...deep },
    losses: everyPosition,
    text: whole(PREFIX + 6 * 15, PREFIX + 6 * 15),
    vision: prompted,
    operations: [1284, 1812],
    handedOver: 72,
  },
  lamm: {
    prompt: { use: 'none' },
    labels: withLamm,
    text: whole(TEXT, 6),
    vision: image,
    operations: [783, 1208],
    handedOver: 65,
  },
  'maple + lamm': {
    prompt: { use: 'maple', ...deep },
    labels: withLamm,
    text: whole(TEXT + BRANCHES, 12),
    vision: prompted,
    operations: [1240, 1759],
    handedOver: 93,
  },
  'maple, recomputed': {
    prompt: { use: 'maple', ...deep },
    computation: { recompute: true },
    text: [...whole(TEXT, 6), TEXT, TEXT, TEXT],
    vision: [...prompted, BATCH * 12, BATCH * 12, BATCH * 12],
    operations: [972, 1689],
    handedOver: 54,
  },
  'maple, 2 classes at a time': {
    prompt: { use: 'maple', ...deep },
    computation: { classChunk: 2 },
    text: [...chunks, ...chunks.toReversed()].flat(),
    vision: prompted,
    operations: [2032, 3697],
    handedOver: 148,
  },
};

describe.each(Object.entries(guards))('a training step of %s', (_, guard) => {
  it('computes no row, product or operation beyond what it must, and the formulas know them', () => {
    const backbone = randomClip({ seed: 1, ...SHAPE, vocabulary: 400 }, { ...FAST, ...guard.computation });
    const context = { backbone, classNames: NAMES, template: 'a photo of a {}.', shots: 4, seed: 1 };
    const { prompt, labels = frozen, losses } = guard;
    const classifier = composeClassifier(registry, context, completeChoice(registry, { prompt, labels, losses }));
    const batch = {
      images: tf.randomNormal([BATCH, 3, 24, 24], 0, 1, 'float32', 3) as tf.Tensor4D,
      labels: tf.tensor1d([0, 1, 2], 'int32'),
    };
    forgetPrograms();
    oneStep(classifier, batch); // what is computed once
    const counts = composed(() => countsOf(() => oneStep(classifier, batch)));
    for (let step = 0; step < 2; step++) oneStep(classifier, batch); // what is recorded
    const { handedOver } = countsOf(() => oneStep(classifier, batch));
    const work = backbone.work(stepShape(classifier.parts, BATCH));
    expect(counts.textRows).toEqual(guard.text);
    expect(counts.visionRows).toEqual(guard.vision);
    expect(work.textFlops).toBe(counts.textFlops);
    expect(work.visionFlops).toBe(counts.visionFlops);
    expect(counts.operations).toBeLessThanOrEqual(guard.operations[isFused ? 0 : 1]);
    if (hasPrograms) expect(handedOver, 'handed over').toBeLessThanOrEqual(guard.handedOver);
    tf.dispose(Object.values(batch));
    classifier.dispose();
    backbone.dispose();
  });
});

it('stored image features leave the vision tower out', () => {
  const backbone = randomClip({ seed: 1, ...SHAPE, vocabulary: 400 }, FAST);
  const context = { backbone, classNames: NAMES, template: 'a photo of a {}.', shots: 4, seed: 1 };
  const classifier = composeClassifier(
    registry,
    context,
    completeChoice(registry, { prompt: coopShared, labels: frozen }),
  );
  const batch = { features: tf.ones([BATCH, 20]) as tf.Tensor2D, labels: tf.tensor1d([0, 1, 2], 'int32') };
  const counts = composed(() => countsOf(() => oneStep(classifier, batch)));
  const work = backbone.work(stepShape(classifier.parts, BATCH, true));
  expect(counts.visionRows).toEqual([]);
  expect(work).toMatchObject({ textFlops: counts.textFlops, visionFlops: 0, visionRows: 0 });
  tf.dispose(Object.values(batch));
  classifier.dispose();
  backbone.dispose();
});

it('the dense reference computes what its formula says', () => {
  const backbone = randomClip({ seed: 1, ...SHAPE, vocabulary: 400 }, { fast: false, recompute: false });
  const context = { backbone, classNames: NAMES, template: 'a photo of a {}.', shots: 4, seed: 1 };
  const choice = completeChoice(registry, { prompt: { use: 'maple', ...deep }, labels: frozen });
  const classifier = composeClassifier(registry, context, choice);
  const images = tf.ones([BATCH, 3, 24, 24]) as tf.Tensor4D;
  const batch = { images, labels: tf.tensor1d([0, 1, 2], 'int32') };
  const counts = composed(() => countsOf(() => oneStep(classifier, batch)));
  const work = backbone.work(stepShape(classifier.parts, BATCH));
  expect(counts.textRows).toEqual(new Array(4).fill(6 * 20));
  expect(counts.visionRows).toEqual(new Array(4).fill(BATCH * 12));
  expect(work).toMatchObject({ textFlops: counts.textFlops, visionFlops: counts.visionFlops });
  tf.dispose(Object.values(batch));
  classifier.dispose();
  backbone.dispose();
});

function oneStep(classifier: Classifier, batch: Batch): void {
  tf.dispose(Object.values(classifier.gradients(batch).gradients));
}

interface Counts {
  operations: number;
  /** Without copies, which are names for the same numbers. */
  handedOver: number;
  textRows: number[];
  visionRows: number[];
  textFlops: number;
  visionFlops: number;
}

/** Counts operations, and rows and products within the blocks of both towers. */
function countsOf(work: () => void): Counts {
  const counts: Counts = { operations: 0, handedOver: 0, textRows: [], visionRows: [], textFlops: 0, visionFlops: 0 };
  const engine = tf.engine();
  const runKernel = engine.runKernel.bind(engine);
  engine.runKernel = <T extends tf.Tensor | tf.Tensor[]>(
    name: string,
    inputs: tf.NamedTensorMap,
    attributes?: tf.NamedAttrMap,
  ): T => {
    counts.operations++;
    if (name !== 'Identity') counts.handedOver++;
    if (name === 'BatchMatMul') countProduct(counts, inputs.a!.shape, inputs.b!.shape, attributes ?? {});
    return runKernel(name, inputs, attributes);
  };
  try {
    work();
  } finally {
    engine.runKernel = runKernel;
  }
  return counts;
}

function countProduct(counts: Counts, a: number[], b: number[], { transposeA, transposeB }: tf.NamedAttrMap): void {
  const [rows, inner] = transposeA ? [a.at(-1)!, a.at(-2)!] : [a.at(-2)!, a.at(-1)!];
  const columns = transposeB ? b.at(-2)! : b.at(-1)!;
  const flops = 2 * a.slice(0, -2).reduce((product, size) => product * size, 1) * rows * inner * columns;
  for (const tower of ['text', 'vision'] as const) {
    const { width, heads } = SHAPE[tower];
    const weights = [3 * width, width, 4 * width, 2 * width].map((out) => `${width},${out}`);
    const isLinear = a.length === 2 && [...weights, `${4 * width},${width}`].includes(b.join());
    const isAttention = a.length > 2 && [inner, columns].includes(width / heads);
    if (isLinear || isAttention) counts[`${tower}Flops`] += flops;
    if (isLinear && b.join() === `${width},${4 * width}` && !transposeB) counts[`${tower}Rows`].push(rows);
  }
}
