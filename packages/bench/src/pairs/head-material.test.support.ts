import * as tf from '@tensorflow/tfjs-core';
import type { HeadMaterial, LabelledFeatures } from '@promptweave/core';
import type { Classifier } from '@promptweave/core/experiment';
import { batchFor } from '@promptweave/core/testing';

/** Features of seeded images, two of each class, as the head's properties want them; nothing is called where it wants none. */
export function withMaterial(classifier: Classifier, use: (material: HeadMaterial) => void): void {
  const { headProperties, learnerProperties, backbone, aligner } = classifier.parts;
  const { prepares } = headProperties;
  if (!prepares) return;
  const classes = aligner.classNames.length;
  const ofImages = (views: number, seed: number): LabelledFeatures => ({
    views: Array.from({ length: views }, (_, view) =>
      tf.tidy(() => backbone.encodeImages(batchFor(backbone, 2 * classes, seed + view).images)),
    ),
    labels: tf.tensor1d(
      Array.from({ length: 2 * classes }, (_, i) => i % classes),
      'int32',
    ),
  });
  const texts: tf.Tensor2D = tf.tidy(() =>
    learnerProperties.dependsOnImage
      ? tf.zeros([classes, backbone.shape.embedding])
      : tf.clone(classifier.step({ labels: tf.tensor1d([0], 'int32') }).texts[0]!.features),
  );
  const train = ofImages(Math.max(1, prepares.views), 31);
  const validation = prepares.validation ? { validation: ofImages(1, 71) } : {};
  const material = { train, ...validation, texts, logitScale: backbone.logitScale };
  use(material);
  tf.dispose([[...train.views], train.labels, texts]);
  if (validation.validation) tf.dispose([[...validation.validation.views], validation.validation.labels]);
}
