import * as tf from '@tensorflow/tfjs-core';
import type { Backbone, StepShape } from '@promptweave/core';
import { measureMatmulRate } from './matmul-rate.js';

/** How near the vision tower comes to what the machine can do, in floating point operations a second. */
export interface TowerRates {
  /** Of each repetition: forward and backward pass with 2 shallow prompts. */
  readonly tower: readonly number[];
  /** Of large matrix products right before and after each repetition, the mean of both. */
  readonly products: readonly number[];
  /** Images a second of each repetition: forward pass alone, without prompts, of a block that an evaluation takes. */
  readonly images: readonly number[];
}

/** Images of an evaluated block. */
const EVALUATED = 8;

/** Times the vision tower's forward and backward pass against a matrix product, in turns. */
export function measureVisionTower(backbone: Backbone, batch: number, repeats: number): TowerRates {
  const { width, imageSize } = backbone.shape.vision;
  const images = tf.randomNormal([batch, 3, imageSize, imageSize], 0, 1, 'float32', 7) as tf.Tensor4D;
  const prompt = tf.variable(tf.randomNormal([2, width], 0, 0.02, 'float32', 8)) as tf.Variable<tf.Rank.R2>;
  const pass = (): void => {
    const { value, grads } = tf.variableGrads(
      () => tf.sum(backbone.encodeImages(images, { shallow: prompt, deep: [] })),
      [prompt],
    );
    value.dataSync();
    for (const gradient of Object.values(grads)) gradient.dataSync();
    tf.dispose([value, grads]);
  };
  const block = tf.randomNormal([EVALUATED, 3, imageSize, imageSize], 0, 1, 'float32', 9) as tf.Tensor4D;
  const evaluate = (): void => tf.tidy(() => void backbone.encodeImages(block).dataSync());
  pass();
  evaluate();
  const tower: number[] = [];
  const products: number[] = [];
  const flops = visionFlops(backbone, batch);
  let before = measureMatmulRate();
  for (let i = 0; i < repeats; i++) {
    const begun = performance.now();
    pass();
    tower.push((flops * 1000) / (performance.now() - begun));
    const after = measureMatmulRate();
    products.push((before + after) / 2);
    before = after;
  }
  const rates = Array.from({ length: repeats }, () => {
    const begun = performance.now();
    evaluate();
    return (EVALUATED * 1000) / (performance.now() - begun);
  });
  tf.dispose([images, block, prompt]);
  return { tower, products, images: rates };
}

function visionFlops(backbone: Backbone, batch: number): number {
  const text = { prefix: 1, branches: [1], padded: 0, blocks: 1, hiddenStates: false };
  const towers = { visionPrompts: 2, visionGradient: true, featuresKnown: false, textPasses: 1, textGradient: false };
  const step: StepShape = { batch, text, ...towers };
  return backbone.work!(step).visionFlops;
}
