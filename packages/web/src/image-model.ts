import { preprocessForEvaluation, type RgbImage } from '@promptweave/core/portable';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelDescription } from './model-description.js';
import { parseModel, type ModelFile } from './model-file.js';
import { runProgram } from './program.js';
import { imageTower } from './tower.js';

/** What an image shows. */
export interface Prediction {
  readonly label: string;
  /** Of all classes these sum to 1. */
  readonly probability: number;
}

/** An exported model on the current TensorFlow.js backend. */
export class ImageModel {
  readonly description: ModelDescription;
  private readonly tensors: ReadonlyMap<string, tf.Tensor>;

  constructor({ description, tensors }: ModelFile) {
    this.description = description;
    this.tensors = new Map(
      [...tensors].map(([name, tensor]) => {
        const values = tensor.data();
        return [name, tf.tensor(values, tensor.shape, values instanceof Float32Array ? 'float32' : 'int32')];
      }),
    );
  }

  /** In the order of the logits. */
  get classNames(): readonly string[] {
    return this.description.classNames;
  }

  /**
   * Normalised images, [B, 3, size, size], through the tower: image features before normalisation and beside them what else the head
   * reads of each image, [B, E + …]. The caller owns the tensor.
   */
  encode(images: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const { features, promptRows } = imageTower(this.description, this.weights, images);
      if (!promptRows || !this.readsPromptRows) return features;
      return tf.concat([features, tf.reshape(promptRows, [images.shape[0], -1])], 1) as tf.Tensor2D;
    });
  }

  /** Logits, [B, C], of what {@link encode} gives; the caller owns the tensor. */
  logits(encoded: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      const { head, vision } = this.description;
      const features = this.featuresOf(encoded);
      if (head.kind === 'program') {
        const rows = (): tf.Tensor =>
          tf.reshape(tf.slice(encoded, [0, features.shape[1]], [-1, -1]), [encoded.shape[0], -1, vision.width]);
        const inputs = { features, ...(head.readsPromptRows && { promptRows: rows() }) };
        return runProgram(head.program, inputs, this.weights) as tf.Tensor2D;
      }
      const seen = head.normalised ? directions(features) : features;
      const compared = tf.matMul(seen, this.weights('classes.weight') as tf.Tensor2D, false, true);
      return tf.add(compared, this.weights('classes.bias'));
    });
  }

  /** Cosines of images and the classes' texts, whatever the head makes of them, [B, C]; of what {@link encode} gives. */
  similarities(encoded: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() =>
      tf.matMul(directions(this.featuresOf(encoded)), this.weights('classes.texts') as tf.Tensor2D, false, true),
    );
  }

  /** The k most probable classes of each image, the most probable one first. */
  async predict(images: readonly RgbImage[], k = 5): Promise<Prediction[][]> {
    const { preprocessing } = this.description;
    const { size } = preprocessing;
    const pixels = new Float32Array(images.length * 3 * size * size);
    images.forEach((image, i) => pixels.set(preprocessForEvaluation(image, preprocessing), i * 3 * size * size));
    const probabilities = tf.tidy(() =>
      tf.softmax(this.logits(this.encode(tf.tensor4d(pixels, [images.length, 3, size, size])))),
    );
    try {
      const rows = (await probabilities.array()) as number[][];
      return rows.map((row) =>
        row
          .map((probability, c) => ({ label: this.classNames[c]!, probability }))
          .sort((a, b) => b.probability - a.probability)
          .slice(0, k),
      );
    } finally {
      probabilities.dispose();
    }
  }

  dispose(): void {
    tf.dispose([...this.tensors.values()]);
  }

  private readonly weights = (name: string): tf.Tensor => this.tensors.get(name)!;

  private get readsPromptRows(): boolean {
    const { head } = this.description;
    return head.kind === 'program' && head.readsPromptRows;
  }

  private featuresOf(encoded: tf.Tensor2D): tf.Tensor2D {
    const { embedding } = this.description;
    return encoded.shape[1] > embedding ? tf.slice(encoded, [0, 0], [-1, embedding]) : encoded;
  }
}

function directions(features: tf.Tensor2D): tf.Tensor2D {
  return tf.div(features, tf.sqrt(tf.sum(tf.square(features), -1, true)));
}

/**
 * Loads an exported model onto the current backend of TensorFlow.js.
 * @param source address of the file, or its bytes
 * @throws CheckpointError where it is none
 */
export async function loadModel(source: string | URL | Uint8Array): Promise<ImageModel> {
  if (source instanceof Uint8Array) return new ImageModel(parseModel(source, 'the model'));
  const response = await fetch(source);
  if (!response.ok) throw new Error(`The model ${String(source)} was not sent: ${response.status}.`);
  return new ImageModel(parseModel(new Uint8Array(await response.arrayBuffer()), String(source)));
}
