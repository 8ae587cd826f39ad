import * as tf from '@tensorflow/tfjs-core';
import { FrozenLabels } from '../builtin/frozen-labels.js';
import type { Backbone } from '../contracts/backbone.js';
import { encodeReference } from '../model/reference.js';
import { batchFor, classNames, sameValues } from './compose.js';
import { demand } from './conformance-error.js';

/** What the backbone makes of fixed tokens, texts and images. */
export function printOf(backbone: Backbone): number[] {
  return tf.tidy(() => {
    const { images } = batchFor(backbone);
    const { startId = 0, endId } = backbone.tokenizer;
    const labels = new FrozenLabels(backbone, classNames);
    const reference = encodeReference({ backbone, aligner: labels }, 'a photo of a {}.').encoding.features;
    labels.dispose();
    return [backbone.embedTokens([0, startId, endId]), reference, backbone.encodeImages(images)].flatMap((tensor) => [
      ...tensor.dataSync(),
    ]);
  });
}

/** @throws ConformanceError where `work` changes what the backbone computes. */
export function demandSameBackbone(backbone: Backbone, work: () => void): void {
  const before = printOf(backbone);
  work();
  demand(sameValues(before, printOf(backbone)), 'The backbone computes other values after a training step.');
}
