import type { Backbone } from '../contracts/backbone.js';

/** The same backbone, but for how it encodes; what it is made of stays its own. */
export function backboneWith(
  backbone: Backbone,
  { encodeText, encodeImages }: Partial<Pick<Backbone, 'encodeText' | 'encodeImages'>>,
): Backbone {
  const { name, shape, tokenizer, preprocessing, imagesPerBlock, digest, settings, tunable } = backbone;
  const { logitScale, logitBias, precision } = backbone;
  return {
    ...{
      name,
      shape,
      tokenizer,
      preprocessing,
      imagesPerBlock,
      logitScale,
      logitBias,
      precision,
      digest,
      settings,
      tunable,
    },
    embedTokens: (ids) => backbone.embedTokens(ids),
    encodeText: encodeText ?? ((...of) => backbone.encodeText(...of)),
    encodeImages: encodeImages ?? ((...of) => backbone.encodeImages(...of)),
    work: backbone.work && ((...of) => backbone.work!(...of)),
    dispose: () => backbone.dispose(),
  };
}
