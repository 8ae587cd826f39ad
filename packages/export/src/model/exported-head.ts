import { ConfigError, hostTensor, normalise, type HeadInput, type HostTensor } from '@promptweave/core';
import type { Classifier, SharedOfImages } from '@promptweave/core/experiment';
import type { HeadDescription } from '@promptweave/web';
import * as tf from '@tensorflow/tfjs-core';
import { linearHead } from './linear-head.js';
import { trace } from './trace.js';

/** A head as it is written into a file. */
export interface ExportedHead {
  readonly head: HeadDescription;
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/**
 * The logits of a classifier as a class matrix where they are one, and kernel by kernel otherwise. Labels and texts are constants
 * in both.
 * @param promptRows number of the prompts' final states that the tower gives
 * @throws ConfigError where the head computes what a file cannot hold
 */
export function exportedHead({ parts }: Classifier, shared: SharedOfImages, promptRows: number): ExportedHead {
  const { backbone, head, headProperties, aligner } = parts;
  const { embedding, vision } = backbone.shape;
  const readsPromptRows = headProperties.readsPromptRows ?? false;
  if (readsPromptRows && promptRows === 0) {
    throw new ConfigError('The head reads the final states of vision prompts, and there are none.', { where: 'head' });
  }
  const logits = (features: tf.Tensor2D, rows?: tf.Tensor3D): tf.Tensor2D =>
    head.logits(inputOf(features, shared, backbone.logitScale, rows));
  const linear = readsPromptRows ? undefined : linearHead((features) => logits(features), embedding);
  if (linear) {
    const { normalised, weight, bias } = linear;
    return {
      head: { kind: 'linear', normalised },
      tensors: new Map([
        ['classes.weight', hostTensor(weight, [aligner.classNames.length, embedding])],
        ['classes.bias', hostTensor(bias, [aligner.classNames.length])],
      ]),
    };
  }
  const { program, constants } = trace({
    what: 'The head of this run',
    prefix: 'head',
    inputs: { features: [embedding], ...(readsPromptRows && { promptRows: [promptRows, vision.width] }) },
    compute: ({ features, promptRows: rows }) => logits(features as tf.Tensor2D, rows as tf.Tensor3D | undefined),
  });
  return { head: { kind: 'program', program, readsPromptRows }, tensors: constants };
}

function inputOf(
  rawImages: tf.Tensor2D,
  { raw, features: texts }: SharedOfImages,
  logitScale: number,
  promptRows?: tf.Tensor3D,
): HeadInput {
  let images: tf.Tensor2D | undefined;
  const directions = (): tf.Tensor2D => (images ??= normalise(rawImages));
  return {
    ...{ rawImages, rawTexts: raw, texts, logitScale, promptRows, training: false },
    get images() {
      return directions();
    },
    get cosineLogits() {
      return tf.mul<tf.Tensor2D>(tf.matMul(directions(), texts, false, true), logitScale);
    },
  };
}
