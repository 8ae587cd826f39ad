import { randomClip, type ClipBackbone, type ClipComputation } from '@promptweave/backbone-clip';
import { normalise, seededNormal, type HeadMaterial } from '@promptweave/core';
import { keptOutcome, type Classifier } from '@promptweave/core/experiment';
import { batchFor, compose, contextOf, jitter, type Composition } from '@promptweave/core/testing';
import { clipAdapter, taskres, tipAdapter } from '@promptweave/head-adapters';
import { linearProbe, lpPlusPlus, zeroShotLinearProbe } from '@promptweave/head-linear-probe';
import { comma } from '@promptweave/method-comma';
import { coop } from '@promptweave/method-coop';
import { dept } from '@promptweave/method-dept';
import { lamm } from '@promptweave/method-lamm';
import { bias, layerNorm, lora } from '@promptweave/method-lora';
import { ivlp, maple, vpt } from '@promptweave/method-maple';
import { mma } from '@promptweave/method-mma';
import { mmrlHead, mmrlPrompt } from '@promptweave/method-mmrl';
import { tcp } from '@promptweave/method-tcp';
import { ImageModel, type ModelFile } from '@promptweave/web';
import * as tf from '@tensorflow/tfjs-core';

/** A CLIP with random weights, whose images have a border that no patch covers. */
export function tinyClip(computation: ClipComputation, activation: 'quick-gelu' | 'gelu'): ClipBackbone {
  return randomClip(
    {
      ...{ seed: 8, embedding: 32, vocabulary: 512, logitScale: 20, activation },
      vision: { width: 64, layers: 3, heads: 2, imageSize: 18, patchSize: 8 },
      text: { width: 64, layers: 3, heads: 2, contextLength: 24 },
    },
    computation,
  );
}

const mmrl: Composition = {
  prompt: { plugin: mmrlPrompt, options: { first: 2, last: 3, width: 32 } },
  head: { plugin: mmrlHead },
};

/** One of every kind of part that changes what an image's logits are. */
export const combinations: Readonly<Record<string, Composition>> = {
  'zero-shot': {},
  'CoOp and LAMM': { prompt: { plugin: coop }, labels: { plugin: lamm } },
  VPT: { prompt: { plugin: vpt, options: { visionDepth: 3 } } },
  IVLP: { prompt: { plugin: ivlp, options: { depth: 3, visionDepth: 2 } } },
  'MaPLe and LAMM': { prompt: { plugin: maple, options: { depth: 3 } }, labels: { plugin: lamm } },
  COMMA: { prompt: { plugin: comma, options: { depth: 3, lateBlocks: 2 } } },
  'COMMA as released': { prompt: { plugin: comma, options: { depth: 3, lateBlocks: 2, variant: 'released' } } },
  TCP: { prompt: { plugin: tcp, options: { classBlock: 2 } } },
  MMRL: mmrl,
  TaskRes: { head: { plugin: taskres } },
  'CLIP-Adapter on VPT': { prompt: { plugin: vpt, options: { visionDepth: 2 } }, head: { plugin: clipAdapter } },
  'Tip-Adapter': { head: { plugin: tipAdapter, options: { views: 0 } } },
  'linear probe': { head: { plugin: linearProbe, options: { C: 1, normalised: false } } },
  'linear probe of directions': { head: { plugin: linearProbe, options: { C: 1, normalised: true } } },
  'LP++': { head: { plugin: lpPlusPlus } },
  CLAP: { head: { plugin: zeroShotLinearProbe } },
  'DePT on MaPLe': { prompt: { plugin: maple, options: { depth: 2 } }, head: { plugin: dept } },
  'CLIP-LoRA': { tuning: { plugin: lora, options: { layers: ['q', 'k', 'v', 'o', 'up', 'down'] } } },
  'layer norms': { tuning: { plugin: layerNorm } },
  biases: { tuning: { plugin: bias } },
  'MMA on VPT': {
    prompt: { plugin: vpt, options: { visionDepth: 2 } },
    tuning: { plugin: mma, options: { start: 0, end: 3, dim: 8, scale: 0.5 } },
  },
};

/** A classifier whose learned values are off their start. */
export function trained(backbone: ClipBackbone, composition: Composition): Classifier {
  const classifier = compose(contextOf(backbone), composition);
  const { head, headProperties } = classifier.parts;
  if (headProperties.prepares) {
    const material = materialOf(classifier);
    head.prepare?.(material);
    head.finish?.(material);
    tf.dispose([...material.train.views, material.train.labels, material.texts]);
  }
  jitter(classifier.variables);
  return classifier;
}

function materialOf(classifier: Classifier): HeadMaterial {
  const { backbone, aligner } = classifier.parts;
  const count = 2 * aligner.classNames.length;
  const { embedding } = backbone.shape;
  return keptOutcome(() => {
    const rows = seededNormal([count, embedding], 1, 3, 'features') as tf.Tensor2D;
    const texts = normalise(seededNormal([aligner.classNames.length, embedding], 1, 4, 'texts') as tf.Tensor2D);
    const labels = tf.tensor1d(
      Array.from({ length: count }, (_, i) => i % aligner.classNames.length),
      'int32',
    );
    const features = { views: [tf.keep(rows)], labels: tf.keep(labels) };
    return { train: features, validation: features, texts: tf.keep(texts), logitScale: backbone.logitScale };
  });
}

/** Seeded images. */
export function images(backbone: ClipBackbone, count: number): tf.Tensor4D {
  const { images: made, labels } = batchFor(backbone, count);
  labels.dispose();
  return made as tf.Tensor4D;
}

/** Logits of predict, [B, C]. */
export function expectedLogits(classifier: Classifier, batch: tf.Tensor4D): Float32Array {
  const predictor = classifier.predictor();
  const logits = predictor.logits({ images: batch });
  const values = logits.dataSync<'float32'>().slice();
  logits.dispose();
  predictor.dispose();
  return values;
}

/** Logits of an exported model, [B, C]. */
export function exportedLogits(file: ModelFile, batch: tf.Tensor4D): Float32Array {
  const model = new ImageModel(file);
  const logits = tf.tidy(() => model.logits(model.encode(batch)));
  const values = logits.dataSync<'float32'>().slice();
  logits.dispose();
  model.dispose();
  return values;
}

/** The largest difference of two lists. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return NaN;
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}
