import * as tf from '@tensorflow/tfjs-core';
import type { HeadMaterial, HostTensor } from '@promptweave/core';
import type { Classifier } from '@promptweave/core/experiment';
import type { FixtureRun } from './fixture-set.js';

/** Names that recorded runs have for the training images of a head: several views of them, or one. */
const SETS = [
  ['cache_images', 'cache_labels'],
  ['support_images', 'support_labels'],
] as const;

/** What a head is prepared with in a recorded run; undefined where the run has nothing for it. The caller disposes it. */
export function recordedMaterial({ inputs }: FixtureRun, classifier: Classifier): HeadMaterial | undefined {
  for (const [name, labels] of SETS) {
    const images = inputs.get(name);
    if (!images) continue;
    const { backbone } = classifier.parts;
    return tf.tidy(() => {
      const views = viewsOf(images).map((view) => tf.keep(tf.clone(backbone.encodeImages(view))));
      const texts = tf.keep(tf.clone(classifier.step({ labels: tf.tensor1d([0], 'int32') }).texts[0]!.features));
      const train = { views, labels: tf.keep(tf.tensor1d([...inputs.get(labels)!.data()], 'int32')) };
      return { train, texts, logitScale: backbone.logitScale };
    });
  }
  return undefined;
}

/** Images [views, K, 3, r, r] or [K, 3, r, r] by view. */
function viewsOf(images: HostTensor): tf.Tensor4D[] {
  const { shape } = images;
  const values = tf.tensor(images.data(), shape.length === 5 ? shape : [1, ...shape], 'float32');
  return tf.unstack(values) as tf.Tensor4D[];
}
