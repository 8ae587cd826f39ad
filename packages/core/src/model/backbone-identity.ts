import type { Backbone, BackboneIdentity } from '../contracts/backbone.js';

/** All that decides about a backbone's numbers, as JSON: part of every identity, key and provenance that depends on them. */
export function backboneIdentity({ digest, preprocessing, settings }: Backbone | BackboneIdentity): BackboneIdentity {
  const { resize, interpolation, size, mean, std } = preprocessing;
  return {
    digest,
    preprocessing: { resize, interpolation, size, mean: [...mean], std: [...std] },
    ...(settings && { settings: { ...settings } }),
  };
}
