import { normalise, type Backbone, type BackboneIdentity } from '@promptweave/core';
import * as tf from '@tensorflow/tfjs-core';

/**
 * CLIP whose features of an image are (1 − w) f(x) + w f(x'), x' being the mirror image and f CLIP's own normalised features.
 * All else, the text tower and its prompts included, is CLIP's.
 */
export function mirrorClip(clip: Backbone, weight: number): Backbone {
  const encodeImages: Backbone['encodeImages'] = (images, prompts, trace, ...others) => {
    const own = clip.encodeImages(images, prompts, trace, ...others); // before tidy, which would take the trace
    const both = tf.tidy(() => {
      const mirrored = clip.encodeImages(tf.reverse(images, 3), prompts, undefined, ...others);
      return tf.add(tf.mul(normalise(own), 1 - weight), tf.mul(normalise(mirrored), weight)) as tf.Tensor2D; // [B, E]
    });
    own.dispose();
    return both;
  };
  const others = {
    name: `mirrored ${clip.name}`,
    settings: identityOf(clip, weight).settings,
    work: undefined,
    encodeImages,
  };
  return Object.assign(Object.create(clip) as Backbone, others);
}

/** All that decides about its numbers: those of CLIP, and the weight. */
export function identityOf({ digest, preprocessing, settings }: BackboneIdentity, weight: number): BackboneIdentity {
  return { digest, preprocessing, settings: { ...settings, mirrorWeight: weight } };
}
