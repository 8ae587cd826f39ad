import * as tf from '@tensorflow/tfjs-core';
import { randomClip } from '@promptweave/backbone-clip';
import { completeChoice, composeClassifier, Registry } from '@promptweave/core/experiment';
import { composed } from '@promptweave/core/testing';
import { plugins as lora } from '@promptweave/method-lora';
import { plugins as mma } from '@promptweave/method-mma';
import { expect, it } from 'vitest';

const registry = new Registry([...lora, ...mma].map((plugin) => ({ plugin, module: 'tests' })));
const isFused = tf.getKernel('PromptweaveAddProduct', tf.getBackend()) !== undefined;

/** Operations of a step whose gradients go through both towers of four blocks. */
function operationsOf(parts: Parameters<typeof completeChoice>[1]): number {
  const backbone = randomClip({
    seed: 1,
    vision: { width: 72, layers: 4, heads: 3, imageSize: 24, patchSize: 8 },
    text: { width: 32, layers: 4, heads: 2, contextLength: 20 },
    ...{ embedding: 20, vocabulary: 400 },
  });
  const context = {
    backbone,
    classNames: ['ant', 'sea horse', 'owl'],
    template: 'a photo of a {}.',
    shots: 4,
    seed: 1,
  };
  const classifier = composeClassifier(registry, context, completeChoice(registry, parts));
  const batch = {
    images: tf.randomNormal([3, 3, 24, 24], 0, 1, 'float32', 3) as tf.Tensor4D,
    labels: tf.tensor1d([0, 1, 2], 'int32'),
  };
  const step = (): void => tf.dispose(Object.values(classifier.gradients(batch, 1).gradients));
  step(); // what is computed once
  const engine = tf.engine();
  const { runKernel } = engine;
  let operations = 0;
  engine.runKernel = ((...of: Parameters<typeof runKernel>) => {
    operations += 1;
    return runKernel.apply(engine, of);
  }) as typeof runKernel;
  try {
    composed(step);
  } finally {
    engine.runKernel = runKernel;
  }
  tf.dispose(Object.values(batch));
  classifier.dispose();
  backbone.dispose();
  return operations;
}

// A guard against work that creeps in, to be lowered with every saving; prompts at the input of both frozen towers take 694 and 1204.
it.each([
  ['lora', {}, [1011, 1877]],
  ['layer-norm', {}, [1033, 1543]],
  ['bias', {}, [1271, 1781]],
  ['mma', { start: 1, end: 4, dim: 8 }, [1357, 1867]],
])('a step with the tuning %s has few operations', (use, options, [fused, composed]) => {
  expect(operationsOf({ tuning: { use, ...options } })).toBeLessThanOrEqual(isFused ? fused! : composed!);
});
