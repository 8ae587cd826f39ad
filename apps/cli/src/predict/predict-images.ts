import { readFile } from 'node:fs/promises';
import { DatasetError, type ImageItem } from '@promptweave/core';
import { emojiImages, isEmojiName } from '@promptweave/datasets';
import * as tf from '@tensorflow/tfjs-core';
import type { OpenedRun } from '../runs/open-run.js';

/** What an image most probably shows. */
export interface Prediction {
  /** The file as it was named, or an emoji's drawing: `emoji/openmoji/dog-face`. */
  readonly image: string;
  /** The most probable class first; probabilities over all classes sum to 1. */
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

/** Images that go through the model together. */
const BATCH = 16;

/**
 * Names the k most probable classes of images.
 * @param files image files; a name between colons, `:dog:`, stands for this emoji's drawings in held-out styles
 * @throws DatasetError naming a file that cannot be read
 */
export async function predictImages(
  { classifier, composition: { pipeline } }: Pick<OpenedRun, 'classifier' | 'composition'>,
  files: readonly string[],
  k: number,
): Promise<Prediction[]> {
  const { backbone, aligner } = classifier.parts;
  const { imageSize } = backbone.shape.vision;
  const predictor = classifier.predictor();
  const predictions: Prediction[] = [];
  const asked = files.flatMap((file) => (isEmojiName(file) ? emojiImages(file, imageSize) : [fileItem(file)]));
  try {
    const batches = pipeline.batches({
      ...{ items: asked, batchSize: BATCH, preprocessing: backbone.preprocessing, policy: 'custom' },
      ...{ augment: false, shuffle: false, dropLast: false, seed: 0, epoch: 0, onBadImage: 'fail' },
    });
    for await (const { images, items } of batches) {
      const probabilities = tf.tidy(() => {
        const batch = { images: tf.tensor4d(images, [items.length, 3, imageSize, imageSize]) };
        return tf.softmax(predictor.logits(batch)).arraySync();
      });
      items.forEach(({ id }, i) => {
        const classes = aligner.classNames.map((name, c) => ({ name, probability: probabilities[i]![c]! }));
        predictions.push({ image: id, classes: classes.sort((a, b) => b.probability - a.probability).slice(0, k) });
      });
    }
  } finally {
    predictor.dispose();
  }
  return predictions;
}

function fileItem(file: string): ImageItem {
  return {
    id: file,
    label: 0,
    load: async () => {
      try {
        return await readFile(file);
      } catch (cause) {
        throw new DatasetError(`The image cannot be read: ${(cause as Error).message}.`, { where: file, cause });
      }
    },
  };
}
